package io.sluice.broker.audit;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes JSON (RFC 8259) on one line. */
public final class Json {
    private Json() {}

    /** An object with these keys and values, in this order: {@code object("line", 3, "message", "...")}. */
    public static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }

    /** The text of a string, integer, boolean, or map or collection of these; throws IllegalArgumentException if none. */
    public static String write(Object value) {
        if (value instanceof CharSequence text) {
            return '"' + text.codePoints().mapToObj(Json::escaped).collect(Collectors.joining()) + '"';
        } else if (value instanceof Integer || value instanceof Long || value instanceof Boolean) {
            return value.toString();
        } else if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> write(entry.getKey().toString()) + ":" + write(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        } else if (value instanceof Collection<?> items) {
            return items.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
        }
        throw new IllegalArgumentException("no JSON for " + value);
    }

    /** Control characters act on terminals, line separators on JavaScript; half a surrogate pair UTF-8 can't carry. */
    private static String escaped(int c) {
        if (c == '"' || c == '\\') {
            return "\\" + (char) c;
        }
        boolean bad = Character.isISOControl(c) || (c >= 0xD800 && c <= 0xDFFF) || c == 0x2028 || c == 0x2029;
        return bad ? String.format("\\u%04x", c) : Character.toString(c);
    }
}
