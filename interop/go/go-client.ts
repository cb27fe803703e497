import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Cluster } from '../targets/cluster.ts'
import { scenarioPatienceMs, within } from '../targets/deadline.ts'
import { buildFolderOnce } from '../targets/jars.ts'
import { cacheFolder, interopFolder } from '../targets/paths.ts'
import { runCommandOrThrow } from '../targets/run-command.ts'
import { requireTool } from '../targets/tooling.ts'

/** A process with the official Go client that runs the scenarios of `scenarios.go`. */
export interface GoClient {
  /**
   * Runs a scenario on topics and groups of its own; several may run at once.
   * @param checkpoints what to do to the servers when the scenario asks for it, by the checkpoint's name
   * @returns the scenario's own line on what it saw
   * @throws Error that says what was wrong
   */
  run(scenario: string, options?: { checkpoints?: Record<string, () => Promise<unknown>> }): Promise<string>
  /** Ends the process; scenarios that still run fail. */
  close(): Promise<void>
}

interface Outcome {
  id: string
  checkpoint?: string
  ok: boolean
  detail?: string
}

interface Running {
  scenario: string
  checkpoints: Record<string, () => Promise<unknown>>
  resolve(detail: string): void
  reject(error: Error): void
}

/** Builds the scenarios once for each content of their sources; returns the executable. */
async function buildScenarios(): Promise<string> {
  const sources = join(interopFolder, 'go')
  const hash = createHash('sha256')
  for (const name of readdirSync(sources).sort()) {
    if (/\.go$|^go\.(mod|sum)$/.test(name)) hash.update(`${name}\0`).update(readFileSync(join(sources, name)))
  }
  const folder = join(cacheFolder, 'go', hash.digest('hex').slice(0, 12))
  await buildFolderOnce(folder, (unfinished) =>
    runCommandOrThrow(requireTool('go'), ['build', '-o', join(unfinished, 'scenarios'), '.'], {
      cwd: sources,
      timeoutMs: 300_000,
    }),
  )
  return join(folder, 'scenarios')
}

/** Starts a client of the cluster. Its log and what it stores itself (offsets of broadcasting) are in the cluster's folder. */
export async function startGoClient(cluster: Cluster): Promise<GoClient> {
  const executable = await buildScenarios()
  const home = join(cluster.target.workFolder, 'go-client')
  mkdirSync(home, { recursive: true })
  const child = spawn(executable, [], { env: { ...process.env, HOME: home }, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stderr.pipe(createWriteStream(join(home, 'client.log')))
  const running = new Map<string, Running>()
  const suffix = Math.random().toString(36).slice(2, 8)
  let nextId = 1

  const write = (line: object): void => {
    child.stdin.write(`${JSON.stringify(line)}\n`)
  }
  const reached = async (id: string, checkpoint: string, scenario: Running): Promise<void> => {
    try {
      const act = scenario.checkpoints[checkpoint]
      if (act === undefined) throw new Error(`nothing to do at checkpoint ${checkpoint}`)
      await act()
      write({ id, continue: checkpoint })
    } catch (error) {
      running.delete(id)
      scenario.reject(new Error(`${scenario.scenario}: at ${checkpoint}`, { cause: error }))
    }
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const outcome: Outcome = JSON.parse(line)
    const scenario = running.get(outcome.id)
    if (scenario === undefined) return
    if (outcome.checkpoint !== undefined) {
      void reached(outcome.id, outcome.checkpoint, scenario)
      return
    }
    running.delete(outcome.id)
    if (outcome.ok) scenario.resolve(outcome.detail ?? '')
    else scenario.reject(new Error(`${scenario.scenario}: ${outcome.detail}\n${cluster.logTails()}`))
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      for (const scenario of running.values()) {
        scenario.reject(new Error(`${scenario.scenario}: the client ended (${signal ?? code}), see ${home}/client.log`))
      }
      running.clear()
      resolve()
    })
  })

  return {
    run: (scenario, { checkpoints = {} } = {}) =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('the client has ended')
        const id = String(nextId++)
        running.set(id, { scenario, checkpoints, resolve, reject })
        const nameServers = cluster.nameServers.map((server) => server.address)
        const brokers = cluster.brokers.map((server) => server.address)
        write({ id, scenario, nameServers, brokers, suffix, timeoutMs: scenarioPatienceMs })
      }),
    close: async () => {
      child.kill('SIGKILL')
      await within('the end of the Go client', ended)
    },
  }
}
