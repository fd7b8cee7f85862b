package io.sluice.lab.quickstart;

import io.sluice.lab.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was seen, in the order in which it was, and whether it was what it should be. */
final class Report {
    private final List<Item> items = new ArrayList<>();

    /**
     * One thing that was seen.
     *
     * @param key its name in JSON
     * @param label its name for people
     * @param value what was seen: a string, number, list or map
     * @param text the same for people
     * @param held whether it is what it should be
     */
    record Item(String key, String label, Object value, String text, boolean held) {}

    /** Adds a thing that was seen. */
    void add(String key, String label, Object value, String text, boolean held) {
        items.add(new Item(key, label, value, text, held));
    }

    /** Whether everything was what it should be, and something was seen at all. */
    boolean held() {
        return !items.isEmpty() && items.stream().allMatch(Item::held);
    }

    /** One line each; what did not hold is marked. */
    String text() {
        StringBuilder out = new StringBuilder();
        for (Item item : items) {
            String[] lines = item.text().split("\n", -1);
            out.append(String.format("%-4s %-22s %s%n", item.held() ? "" : "FAIL", item.label(), lines[0]));
            for (int i = 1; i < lines.length; i++) {
                out.append(String.format("%-4s %-22s %s%n", "", "", lines[i]));
            }
        }
        return out.toString();
    }

    /** One object: a member for each thing, {@code failed} with the names of those that did not hold, and {@code ok}. */
    String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        items.forEach(item -> all.put(item.key(), item.value()));
        all.put(
                "failed",
                items.stream().filter(item -> !item.held()).map(Item::key).toList());
        all.put("ok", held());
        return Json.write(all);
    }
}
