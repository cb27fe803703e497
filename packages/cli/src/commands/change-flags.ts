import { flag } from '../table/define.ts'

/** Flags of commands that change something. */
export const dryRun = flag('only shows what would change')
export const yes = flag('does not ask', 'y')
