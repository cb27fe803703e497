import { type EmbeddedRocketMQ, startRocketMQ } from '@rocketmq-ts/testing'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Command } from 'commander'
import { afterEach, expect } from 'vitest'
import { addCommands, type Host, runProgram } from '../src/index.ts'
import { declarationOf } from '../src/parts.ts'
import { schemaOf } from '../src/table/record.ts'

export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface TestHostOptions {
  readonly environment?: Record<string, string>
  readonly files?: Map<string, string>
  readonly input?: string
  readonly isTerminal?: boolean
  /** Characters after which standard output is on a full disk. */
  readonly outputMax?: number
  /** What the user answers to a question. */
  readonly answer?: string
  readonly now?: number
}

/** A process in memory. */
export class TestHost implements Host {
  readonly environment: Record<string, string>
  readonly homeFolder = '/home/user'
  readonly isTerminal: Host['isTerminal']
  readonly columns = 100
  readonly files: Map<string, string>
  readonly closing = new AbortController()
  readonly interrupting = new AbortController()
  readonly #options: TestHostOptions
  stdout = ''
  stderr = ''
  readonly asked: string[] = []
  #watchers: (() => void)[] = []
  #changing: Promise<void> | undefined

  constructor(options: TestHostOptions = {}) {
    this.#options = options
    this.environment = options.environment ?? {}
    this.files = options.files ?? new Map()
    const isTerminal = options.isTerminal === true
    this.isTerminal = { input: isTerminal, output: isTerminal, errors: isTerminal }
  }

  get outputClosed(): AbortSignal {
    return this.closing.signal
  }

  get interrupted(): AbortSignal {
    return this.interrupting.signal
  }

  outputFailure: Error | undefined

  async write(data: string | Uint8Array): Promise<void> {
    if (this.closing.signal.aborted) return
    this.stdout += typeof data === 'string' ? data : Buffer.from(data).toString('utf8')
    if (this.stdout.length > (this.#options.outputMax ?? Number.POSITIVE_INFINITY)) {
      this.stdout = this.stdout.slice(0, this.#options.outputMax)
      this.outputFailure = new Error('ENOSPC: no space left on device, write')
      this.closing.abort()
    }
    this.#wake()
  }

  say(text: string): void {
    this.stderr += text
    this.#wake()
  }

  /** Resolves when what was written has this in it. */
  async written(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + 120_000
    while (!pattern.test(this.stdout + this.stderr)) {
      if (Date.now() > deadline) throw new Error(`nothing like ${pattern} in:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => {
        this.#watchers.push(resolve)
        setTimeout(resolve, 1000)
      })
    }
  }

  async *lines(): AsyncIterable<string> {
    const text = this.#options.input ?? ''
    if (text !== '') yield* text.replace(/\n$/, '').split('\n')
  }

  async input(): Promise<Buffer> {
    return Buffer.from(this.#options.input ?? '')
  }

  async ask(question: string): Promise<string> {
    this.asked.push(question)
    return this.#options.answer ?? ''
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    const text = this.files.get(path)
    return text === undefined ? undefined : Buffer.from(text)
  }

  async replacePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
    this.files.set(path, typeof content === 'string' ? content : Buffer.from(content).toString('utf8'))
  }

  async changePrivateFile(path: string, change: (content: Buffer | undefined) => string): Promise<void> {
    // Whoever reads and writes in two steps lets others in between.
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#changing
    this.#changing = promise
    await before
    try {
      await this.replacePrivateFile(path, change(await this.readFile(path)))
    } finally {
      resolve()
    }
  }

  async createFile(path: string) {
    if (this.files.has(path))
      throw Object.assign(new Error(`EEXIST: file already exists, open '${path}'`), { syscall: 'open' })
    this.files.set(path, '')
    return {
      write: async (text: string) => void this.files.set(path, this.files.get(path)! + text),
      finish: async () => {},
      discard: async () => void this.files.delete(path),
    }
  }

  async *readLines(path: string) {
    const text = this.files.get(path)
    if (text === undefined) {
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { syscall: 'open' })
    }
    const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
    for (const [index, line] of lines.entries()) yield { text: line, fractionRead: (index + 1) / lines.length }
  }

  now(): number {
    return this.#options.now ?? Date.now()
  }

  monotonic(): number {
    return performance.now()
  }

  /** Waits are short, so that no test does. */
  async pause(durationMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(durationMs, 5))
      const end = () => {
        clearTimeout(timer)
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
    })
  }

  #wake(): void {
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}

export function makeProgram(host: Host, report: (code: number) => void): Command {
  const program = new Command('rocketmq').version('0.0.0')
  addCommands(program, { host, report })
  return program
}

const ajv = new Ajv2020()
ajv.addFormat('date-time', /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** Runs `rocketmq` with these arguments. What it writes with `--json` has to fit its schema. */
export async function run(host: TestHost, ...args: string[]): Promise<Outcome> {
  const [stdoutBefore, stderrBefore] = [host.stdout.length, host.stderr.length]
  let exitCode = 0
  const program = makeProgram(host, (code) => {
    exitCode = code
  })
  const parsed = await runProgram(program, ['node', 'rocketmq', ...args], host)
  const outcome = {
    exitCode: parsed === 0 ? exitCode : parsed,
    stdout: host.stdout.slice(stdoutBefore),
    stderr: host.stderr.slice(stderrBefore),
  }
  if (args.includes('--json') && outcome.stdout !== '') checkJson(program, args, outcome.stdout)
  return outcome
}

function checkJson(program: Command, args: readonly string[], stdout: string): void {
  const declared = declarationOf(commandOf(program, args))
  if (declared === undefined || !('record' in declared.output) || declared.output.record === undefined) return
  const schema = schemaOf(declared.output.record)
  const values: unknown[] =
    declared.output.kind === 'ownLines'
      ? stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [JSON.parse(stdout)]
  const isList = declared.output.kind === 'rows' || declared.output.kind === 'ownRows'
  const validate = ajv.compile(isList ? { type: 'array', items: schema } : schema)
  for (const value of values) {
    if (!validate(value)) throw new Error(`${args.join(' ')}: ${ajv.errorsText(validate.errors)}\n${stdout}`)
  }
}

function commandOf(program: Command, args: readonly string[]): Command {
  const outer = program.commands.find((command) => command.name() === args[0]) ?? program
  return outer.commands.find((command) => command.name() === args[1]) ?? outer
}

const opened: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

export function open<One extends AsyncDisposable>(one: One): One {
  opened.push(one)
  return one
}

export async function startCluster(brokerSettings: Record<string, string> = {}): Promise<EmbeddedRocketMQ> {
  return open(await startRocketMQ({ brokerSettings }))
}

export function hostOf(mq: Pick<EmbeddedRocketMQ, 'nameServers'>, options: TestHostOptions = {}): TestHost {
  return new TestHost({ ...options, environment: { NAMESRV_ADDR: mq.nameServers, ...options.environment } })
}

/**
 * Runs lines as somebody at a shell would, and compares everything that is seen with `golden/NAME.txt`. What differs from
 * run to run (addresses, times, ids) is replaced.
 * @param further replaces what else differs
 */
export async function expectGolden(
  name: string,
  host: TestHost,
  lines: readonly string[],
  further: (text: string) => string = (text) => text,
): Promise<void> {
  let transcript = ''
  for (const line of lines) {
    const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
    const { exitCode, stdout, stderr } = await run(host, ...args)
    transcript += `$ rocketmq ${line}\n${stdout}${stderr.replaceAll(/^(?=.)/gm, '! ')}${exitCode === 0 ? '' : `=> ${exitCode}\n`}\n`
  }
  await expect(further(neutral(transcript))).toMatchFileSnapshot(`golden/${name}.txt`)
}

/** Widths of columns follow from what is replaced, so that runs of blanks are one. */
export function neutral(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?Z?/g, 'TIME')
    .replaceAll(/\b1[6-9]\d{11}(?=@)/g, 'HOUR')
    .replaceAll(/(TPS: )[\d.E-]+/g, '$1RATE')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/\b[\d.]+@\d+#[0-9a-f]+/g, 'CLIENT')
    .replaceAll(/\b(?:[0-9A-F]{56}|[0-9A-F]{40}|[0-9A-F]{32})\b/g, 'ID')
    .replaceAll(/(\S) {2,}(?=\S)/g, '$1  ')
    .replaceAll(/ +$/gm, '')
}
