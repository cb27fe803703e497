package interop;

/** What was seen is not what was promised. */
final class Mismatch extends RuntimeException {
    Mismatch(String message) {
        super(message);
    }
}
