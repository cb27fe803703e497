package interop;

/** One promise, checked with clients on topics and groups of its own. */
@FunctionalInterface
interface Scenario {
    /** Returns a line on what was seen; throws a {@link Mismatch}, or what a client threw, when the promise is not kept. */
    String run(Run run) throws Exception;
}
