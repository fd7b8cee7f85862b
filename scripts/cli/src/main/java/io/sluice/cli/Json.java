package io.sluice.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;

/**
 * Messages as JSON. Not protobuf's own mapping, which makes strings of 64-bit numbers: here numbers are numbers, keys are the
 * field names of the .proto files, enumerations are lower-case words, and a field that is not set has its default.
 */
final class Json {
    private Json() {}

    /** Every field of {@code message}; a message field that is not set, or an optional one, is left out. */
    static JsonObject of(Message message) {
        JsonObject object = new JsonObject();
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.isRepeated()) {
                object.add(field.getName(), list(field, (List<?>) message.getField(field)));
            } else if (!field.hasPresence() || message.hasField(field)) {
                object.add(field.getName(), value(field, message.getField(field)));
            }
        }
        return object;
    }

    /** An object of one member. */
    static JsonObject of(String key, JsonPrimitive value) {
        JsonObject object = new JsonObject();
        object.add(key, value);
        return object;
    }

    private static JsonArray list(FieldDescriptor field, List<?> values) {
        JsonArray array = new JsonArray();
        values.forEach(value -> array.add(value(field, value)));
        return array;
    }

    private static JsonElement value(FieldDescriptor field, Object value) {
        return switch (field.getType()) {
            case MESSAGE -> of((Message) value);
            case STRING -> new JsonPrimitive((String) value);
            case BOOL -> new JsonPrimitive((Boolean) value);
            case UINT32, FIXED32 -> new JsonPrimitive(Integer.toUnsignedLong((Integer) value));
            case UINT64, FIXED64 -> unsigned((Long) value);
            case INT32, SINT32, SFIXED32, INT64, SINT64, SFIXED64, FLOAT, DOUBLE -> new JsonPrimitive((Number) value);
            case ENUM ->
                new JsonPrimitive(((EnumValueDescriptor) value).getName().toLowerCase(Locale.ROOT));
            case BYTES, GROUP -> throw new IllegalArgumentException("no JSON for field " + field.getFullName());
        };
    }

    /** A 64-bit number without sign. */
    static JsonPrimitive unsigned(long value) {
        return value >= 0 ? new JsonPrimitive(value) : new JsonPrimitive(new BigInteger(Long.toUnsignedString(value)));
    }
}
