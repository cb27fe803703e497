package interop;

import java.util.Objects;

/** Assertions with messages that name what was compared. */
final class Check {
    @FunctionalInterface
    interface Attempt<V> {
        V get() throws Exception;
    }

    /** How long a scenario waits for what has to come, however slow the machine is. It says nothing about speed. */
    static final long PATIENCE_MS = 180_000;

    private Check() {
    }

    /** Of {@link System#nanoTime}: when patience ends that begins now. */
    static long deadline() {
        return System.nanoTime() + PATIENCE_MS * 1_000_000;
    }

    static void equal(String what, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new Mismatch(what + ": expected " + expected + ", is " + actual);
        }
    }

    static void that(boolean holds, String otherwise) {
        if (!holds) {
            throw new Mismatch(otherwise);
        }
    }

    /** Makes the attempt again and again until it does not throw a mismatch; after {@link #PATIENCE_MS} throws the last one. */
    static <V> V eventually(String what, Attempt<V> attempt) throws Exception {
        long deadline = deadline();
        while (true) {
            try {
                return attempt.get();
            } catch (Mismatch mismatch) {
                if (System.nanoTime() > deadline) {
                    throw new Mismatch(what + ", not within " + PATIENCE_MS + " ms: " + mismatch.getMessage());
                }
            }
            Thread.sleep(50);
        }
    }
}
