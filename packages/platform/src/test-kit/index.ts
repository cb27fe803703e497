export { SteppedClock } from './stepped-clock.ts'
export { temporaryFolder } from './temporary-folder.ts'
