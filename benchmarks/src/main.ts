import { runBench } from './bench.ts'
import { exitOnSignals } from './cleanup.ts'
import { parseBenchOptions } from './options.ts'

exitOnSignals()
const [subject, ...sdkArgs] = process.argv.slice(2)
if (subject === 'sdk') {
  const { runSdkBench } = await import('./sdk/run-sdk.ts')
  process.exit(await runSdkBench(sdkArgs))
}
const options = parseBenchOptions(process.argv.slice(2))
if ('exitCode' in options) process.exit(options.exitCode)
try {
  process.exit(await runBench(options))
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exit(1)
}
