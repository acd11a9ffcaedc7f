"""The part of sentencepiece's file format that growing reads and writes; every other field goes through as it is.

sentencepiece ships the whole of it as generated code (sentencepiece_model_pb2), which loads beside one release of
protobuf and later ones alone: that of 0.2.3 beside 7.36.1. Described here, the format loads beside any.
"""

from functools import cache
from typing import Any

STRING, FLOAT, INTEGER, MESSAGE = 9, 2, 5, 11  # FieldDescriptorProto.Type
OPTIONAL, REPEATED = 1, 3  # FieldDescriptorProto.Label
# Of sentencepiece_model.proto: number, type and default value of each field.
FIELDS: dict[str, dict[str, tuple[int, int, str]]] = {
    "TrainerSpec": {"model_type": (3, INTEGER, "1"), "vocab_size": (4, INTEGER, "8000")},
    "SentencePiece": {"piece": (1, STRING, ""), "score": (2, FLOAT, "0"), "type": (3, INTEGER, "1")},
    "ModelProto": {"pieces": (1, MESSAGE, "SentencePiece"), "trainer_spec": (2, MESSAGE, "TrainerSpec")},
}


@cache
def model_proto() -> Any:
    """Give the class of a model: pieces (each with piece, score and type) and trainer_spec (model_type, vocab_size)."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="sentencepiece_part.proto", package="part", syntax="proto2")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, default) in fields.items():
            declared = message.field.add(name=field, number=number, type=kind, label=OPTIONAL)
            if kind == MESSAGE:
                declared.type_name = f".part.{default}"
                declared.label = REPEATED if field == "pieces" else OPTIONAL
            else:
                declared.default_value = default
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("part.ModelProto"))
