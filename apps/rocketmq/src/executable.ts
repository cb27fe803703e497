/**
 * The entry of the single executable: `main.ts` without what such an executable lacks, which are modules that wait, a cache
 * of compiled code, and another start of the process. Its options of Node are those that it was built with.
 */
import { isatty } from 'node:tty'
import { limitMemoryOfExecutable } from './memory-limits.ts'

async function run(): Promise<void> {
  // As in rocketmq.mjs: Node has just reset what nohup had set.
  if (!isatty(0)) process.on('SIGHUP', () => {})
  if (process.argv[2] === 'broker' || process.argv[2] === 'start') limitMemoryOfExecutable()
  const { runProgram } = await import('./program.ts')
  process.exit(await runProgram(process.argv))
}

void run()
