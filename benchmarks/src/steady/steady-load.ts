import { runChild } from '../load/child.ts'
import { buildGenerator, flagArguments } from '../load/generator.ts'
import type { Flags } from '../rows/row.ts'
import type { GeneratorSample } from './sample.ts'

/**
 * Runs the load and hands on each report as it comes.
 * @param onSample a thrown error ends the load
 * @throws Error with what the generator wrote when it fails or is not done in time
 */
export async function runSteadyLoad(
  flags: Flags,
  timeoutMs: number,
  onSample: (sample: GeneratorSample) => void,
): Promise<void> {
  const args = ['steady', ...flagArguments({ ...flags, deadline: timeoutMs })]
  let stopped: unknown
  const outcome = await runChild(await buildGenerator(), args, {
    timeoutMs: timeoutMs + 2000,
    onLine: (line, child) => {
      if (stopped !== undefined) return
      try {
        onSample(JSON.parse(line))
      } catch (error) {
        stopped = error
        child.kill('SIGKILL')
      }
    },
  })
  if (stopped !== undefined) throw stopped
  if (outcome.code !== 0) throw new Error(`loadgen ${args.join(' ')}: ${outcome.stderr || `code ${outcome.code}`}`)
}
