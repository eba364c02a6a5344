// The API's own page: Swagger UI over the document this desk serves. Nothing is loaded from anywhere else.
"use strict";

const page = document.getElementById("api");
window.SwaggerUIBundle({
  domNode: page,
  url: page.dataset.document,
  deepLinking: true,
  displayOperationId: true,
  validatorUrl: null,
  persistAuthorization: false,
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = page.dataset.csrf;
    return request;
  },
});
