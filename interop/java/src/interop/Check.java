package interop;

import java.util.Objects;

/** Assertions with messages that name what was compared. */
final class Check {
    @FunctionalInterface
    interface Attempt<V> {
        V get() throws Exception;
    }

    private Check() {
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

    /** Makes the attempt again and again until it does not throw a mismatch; after the deadline throws the last one. */
    static <V> V eventually(String what, long timeoutMs, Attempt<V> attempt) throws Exception {
        long deadline = System.nanoTime() + timeoutMs * 1_000_000;
        while (true) {
            try {
                return attempt.get();
            } catch (Mismatch mismatch) {
                if (System.nanoTime() > deadline) {
                    throw new Mismatch(what + ", not within " + timeoutMs + " ms: " + mismatch.getMessage());
                }
            }
            Thread.sleep(50);
        }
    }
}
