import module from 'node:module'
import { limitYoungGeneration } from './young-generation.ts'

// A broker that is started by `start` has a thread of its own with that limit.
if (process.argv[2] === 'broker') limitYoungGeneration()

// Compiled code is kept between runs: this has to come before anything else is loaded.
module.enableCompileCache()

const { runProgram } = await import('./program.ts')
process.exit(await runProgram(process.argv))
