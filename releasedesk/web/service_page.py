from django.http import HttpRequest, HttpResponse


def service(request: HttpRequest, **kwargs: str) -> HttpResponse:
    return HttpResponse("soon")
