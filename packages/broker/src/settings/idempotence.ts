import { applied, atRestart, boolean, int, live, long } from '@rocketmq-ts/settings'

/** Of this broker alone: RocketMQ has no such keys. */
export const idempotenceSettings = applied('Idempotent producers', {
  idempotentProducerEnable: atRestart(
    boolean,
    false,
    'Stores messages once that their producers have numbered (__PRODUCER_ID and __PRODUCER_SEQUENCE).',
  ),
  idempotentProducerWindow: atRestart(
    int({ min: 1, max: 65_536 }),
    128,
    'Of each producer, so many of the newest numbers are known.',
  ),
  idempotentProducersMax: atRestart(
    int({ min: 1, max: 10_000 }),
    1000,
    'So many producers are known: the one that was silent for longest is forgotten for another.',
  ),
  idempotentProducerSilence: live(
    long({ min: 1, unit: 'ms' }),
    3_600_000,
    'Milliseconds of silence after which a producer is forgotten.',
  ),
})
