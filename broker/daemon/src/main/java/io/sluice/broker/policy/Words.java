package io.sluice.broker.policy;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.regex.Pattern;

/** Wording of errors: what somebody wrote, shown safely, and what they probably meant. */
final class Words {
    private static final int SHOWN = 40;
    /** Control, format, private and unassigned characters, line separators: what acts on a terminal or misleads. */
    private static final Pattern UNSHOWN = Pattern.compile("[\"\\p{C}\\p{Zl}\\p{Zp}]");

    private Words() {}

    /** In quotes; cut if it is long. */
    static String quote(String text) {
        String shown = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
        return '"' + UNSHOWN.matcher(shown).replaceAll("?") + '"';
    }

    /** {@code " (did you mean ...?)"} if one of the choices is a close misspelling away, else nothing. */
    static String didYouMean(String word, Collection<String> choices) {
        String lower = word.toLowerCase(Locale.ROOT);
        return choices.stream()
                .filter(choice -> word.length() <= SHOWN && distance(lower, choice) <= Math.max(1, choice.length() / 3))
                .min(Comparator.comparingInt(choice -> distance(lower, choice)))
                .map(choice -> " (did you mean " + quote(choice) + "?)")
                .orElse("");
    }

    /** Edits from {@code a} to {@code b}: insert, delete, replace, or swap neighbours (optimal string alignment). */
    private static int distance(String a, String b) {
        int[][] edits = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    edits[i][j] = i + j;
                    continue;
                }
                int replaced = edits[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                edits[i][j] = Math.min(replaced, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
                }
            }
        }
        return edits[a.length()][b.length()];
    }
}
