/** `INTEROP_HOSTILE=full` attacks with the numbers of the full run instead of those of CI. */
const isFull = process.env.INTEROP_HOSTILE === 'full'

export const sizes = {
  /** Random requests of each command. */
  requestsOfCommand: isFull ? 500 : 20,
  mutatedFrames: isFull ? 20_000 : 1_000,
  slowPeers: 100,
  unfinishedFrames: isFull ? 2_000 : 800,
  unreadingPeers: isFull ? 200 : 40,
  idleConnections: isFull ? 10_000 : 2_000,
  /** Consumers that wait for one message of nearly 4 MB. */
  largeMessageConsumers: 500,
  longPollingConsumers: isFull ? 5_000 : 1_000,
  floodedConnects: isFull ? 50_000 : 5_000,
}
