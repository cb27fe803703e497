import module from 'node:module'
import { limitMemory } from './memory-limits.ts'

// The broker runs in this process, or on a thread of it.
if (process.argv[2] === 'broker' || process.argv[2] === 'start') limitMemory()

// Keeps compiled code between runs. This must come before anything else is loaded.
module.enableCompileCache()

const { runProgram } = await import('./program.ts')
process.exit(await runProgram(process.argv))
