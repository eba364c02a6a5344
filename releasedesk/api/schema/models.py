"""pydantic's models as components of the document, in the dialect that all readers of JSON Schema share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.plumbing import ResolvedComponent
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from releasedesk.api.schema.answer import Answer

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema
    from drf_spectacular.utils import Direction

REFERENCE = "#/components/schemas/{model}"


class Generator(GenerateJsonSchema):
    """Writes patterns so that every engine reads them, and leaves out titles that only repeat a name."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """A pattern of JSON Schema is JavaScript's, which ends at a dollar; ours are Rust's."""
        written = super().str_schema(schema)
        if "pattern" in written:
            written["pattern"] = written["pattern"].replace(r"\z", "$")
        return written

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: the name says it."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Leave an answer open: it may grow, and a client must not break on a member it does not know."""
        written = super().model_schema(schema)
        written.pop("title", None)
        if issubclass(schema["cls"], Answer):
            written.pop("additionalProperties", None)
        return written


class Models(OpenApiSerializerExtension):
    """Lets a pydantic model stand where drf-spectacular expects a serializer."""

    target_class = BaseModel
    match_subclasses = True
    priority = 1  # before the one that drf-spectacular brings

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        """The model's own name; what is sent ends in Body already."""
        return str(self.target.__name__)

    def get_identity(self, auto_schema: AutoSchema, direction: Direction) -> str:
        """Two models of one name would be one component; a test keeps them apart."""
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Write the model, and the models within it as components of their own."""
        written = self.target.model_json_schema(ref_template=REFERENCE, schema_generator=Generator)
        for name, inner in written.pop("$defs", {}).items():
            component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=inner)
            auto_schema.registry.register_on_missing(component)
        return dict(written)
