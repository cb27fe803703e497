export { QueueLocks } from './queue-locks.ts'
