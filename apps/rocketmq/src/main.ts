import module from 'node:module'

// Compiled code is kept between runs: this has to come before anything else is loaded.
module.enableCompileCache()

const { runProgram } = await import('./program.ts')
process.exit(await runProgram(process.argv))
