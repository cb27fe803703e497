import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Cluster } from '../targets/cluster.ts'
import { scenarioPatienceMs, within } from '../targets/deadline.ts'
import { buildFolderOnce, fetchJars } from '../targets/jars.ts'
import { cacheFolder, interopFolder } from '../targets/paths.ts'
import { runCommandOrThrow } from '../targets/run-command.ts'
import { requireTool } from '../targets/tooling.ts'

/** What the test does when a scenario reaches a checkpoint. `detail` is what the scenario says there. */
export type Checkpoint = (detail: Record<string, unknown>) => Promise<unknown>

export interface RunOptions {
  parameters?: Record<string, string>
  /** By the checkpoint's name; one that is reached and not listed is an error. */
  checkpoints?: Record<string, Checkpoint>
}

/** A Java process with the official client that runs the scenarios of `src/interop/Scenarios.java`. */
export interface JavaClient {
  /**
   * Runs a scenario on topics and groups of its own; several may run at once.
   * @returns the scenario's own line on what it saw
   * @throws Error that says what was wrong, with the end of the servers' logs
   */
  run(scenario: string, options?: RunOptions): Promise<string>
  /** Ends the process with SIGKILL; scenarios that still run fail. */
  kill(): Promise<void>
}

interface Outcome {
  id: string
  checkpoint?: string
  ok: boolean
  detail: unknown
}

interface Running {
  scenario: string
  checkpoints: Record<string, Checkpoint>
  resolve(detail: string): void
  reject(error: Error): void
}

/** The shortest waits that the client's settings allow; the others are set by the scenarios themselves. */
const properties = {
  'rocketmq.client.rebalance.waitInterval': '1000',
  'rocketmq.client.rebalance.minInterval': '500',
  'rocketmq.client.rebalance.lockInterval': '1000',
}

/** Fetches the client and compiles the scenarios, each once for each content; returns the class path. */
async function buildClassPath(): Promise<string> {
  const sources = join(interopFolder, 'java', 'src', 'interop')
  const pom = join(interopFolder, 'java', 'pom.xml')
  const files = readdirSync(sources)
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => join(sources, name))
  const hash = createHash('sha256')
  for (const file of [pom, ...files]) hash.update(`${file.length}\0`).update(readFileSync(file))
  const jars = join(await fetchJars('java-client', pom), '*')
  const classes = join(cacheFolder, 'java', hash.digest('hex').slice(0, 12))
  await buildFolderOnce(classes, (unfinished) =>
    runCommandOrThrow(requireTool('javac'), ['--release', '17', '-d', unfinished, '-cp', jars, ...files], {
      timeoutMs: 120_000,
    }),
  )
  return `${classes}:${jars}`
}

/**
 * Starts a client of the cluster. Its log and its local offsets are in the cluster's folder.
 * @param systemProperties further properties of the Java process, which the client library reads
 */
export async function startJavaClient(
  cluster: Cluster,
  systemProperties: Record<string, string> = {},
): Promise<JavaClient> {
  const classPath = await buildClassPath()
  mkdirSync(cluster.target.workFolder, { recursive: true })
  const home = mkdtempSync(join(cluster.target.workFolder, 'java-client-'))
  const all = {
    ...properties,
    'user.home': home,
    'rocketmq.client.localOffsetStoreDir': join(home, 'offsets'),
    ...systemProperties,
  }
  const child = spawn(
    requireTool('java'),
    [
      '-Xmx768m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      ...Object.entries(all).map(([name, value]) => `-D${name}=${value}`),
      '-cp',
      classPath,
      'interop.Main',
    ],
    { cwd: home, stdio: 'pipe' },
  )
  const killWithUs = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', killWithUs)
  child.once('close', () => process.removeListener('exit', killWithUs))
  return converse(child, cluster, home)
}

function converse(child: ChildProcessWithoutNullStreams, cluster: Cluster, home: string): JavaClient {
  const logFile = join(home, 'client.log')
  child.stderr.pipe(createWriteStream(logFile))
  const running = new Map<string, Running>()
  const suffix = Math.random().toString(36).slice(2, 8)
  let nextId = 1

  const write = (line: object): void => {
    child.stdin.write(`${JSON.stringify(line)}\n`)
  }
  // The process may end while we write; the scenarios fail then because it is closed.
  child.stdin.on('error', () => {})

  const atCheckpoint = async (id: string, checkpoint: string, detail: unknown, run: Running): Promise<void> => {
    try {
      const act = run.checkpoints[checkpoint]
      if (act === undefined) throw new Error('the test has nothing to do there')
      await act(detail as Record<string, unknown>)
      write({ id, continue: checkpoint })
    } catch (error) {
      running.delete(id)
      run.reject(new Error(`${run.scenario}: at checkpoint ${checkpoint}: ${error}`, { cause: error }))
    }
  }

  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, checkpoint, ok, detail }: Outcome = JSON.parse(line)
    const run = running.get(id)
    if (run === undefined) return
    if (checkpoint !== undefined) {
      void atCheckpoint(id, checkpoint, detail, run)
      return
    }
    running.delete(id)
    if (ok) run.resolve(String(detail))
    else run.reject(new Error(`${run.scenario}: ${detail}\n${cluster.logTails()}`))
  })

  const end = (why: string): void => {
    for (const run of running.values()) run.reject(new Error(`${run.scenario}: the client ${why}, see ${logFile}`))
    running.clear()
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      end(`failed: ${error}`)
      resolve()
    })
    child.once('close', (code, signal) => {
      end(`ended (${signal ?? code})`)
      resolve()
    })
  })

  return {
    run: (scenario, { parameters = {}, checkpoints = {} } = {}) => {
      const id = String(nextId++)
      const outcome = new Promise<string>((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('the client has ended')
        running.set(id, { scenario, checkpoints, resolve, reject })
        write({ id, scenario, namesrvAddr: cluster.namesrvAddr, suffix, parameters })
      })
      return within(`scenario ${scenario}`, outcome, scenarioPatienceMs).finally(() => running.delete(id))
    },
    kill: async () => {
      child.kill('SIGKILL')
      await within('the end of the Java client', ended)
    },
  }
}
