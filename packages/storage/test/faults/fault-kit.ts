import type { Log } from '@rocketmq-ts/platform'
import { CrashableFileSystem, FaultyFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { MessageStore, PutOutcome, StoreMessage } from '../../src/index.ts'
import { findingsOf } from '../crash/findings.ts'
import { settle } from '../settle.ts'
import { type KitOptions, message, openStore, properties } from '../store-kit.ts'

export const root = '/store'
export const logBytes = 16 * 1024

interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields: Record<string, unknown>
}

/** A disk in memory that can fail, a clock, the store on them, and what it logged. */
export class FaultKit {
  readonly disk: CrashableFileSystem
  readonly faults: FaultyFileSystem
  clock = new SteppedClock()
  readonly lines: LogLine[] = []
  readonly #defaults: Partial<KitOptions>

  /** @param defaults of the stores that it opens */
  constructor(defaults: Partial<KitOptions> = {}) {
    this.#defaults = defaults
    this.disk = new CrashableFileSystem(() => this.clock.now())
    this.faults = new FaultyFileSystem(this.disk)
  }

  get log(): Log {
    const at =
      (level: LogLine['level']) =>
      (fields: Record<string, unknown>, text: string): void =>
        void this.lines.push({ level, fields, message: text })
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }

  /** Lines that ask for someone's attention. */
  get alarms(): string[] {
    return this.lines.filter(({ level }) => level === 'warn' || level === 'error').map((line) => line.message)
  }

  open(changes: Partial<KitOptions> = {}): MessageStore {
    return this.openLive({ ...this.#options(), ...changes })
  }

  /** Opens a store whose live options are read from the object each time. */
  openLive(options: Partial<KitOptions>): MessageStore {
    for (const [key, value] of Object.entries(this.#options()))
      Object.assign(options, { [key]: Reflect.get(options, key) ?? value })
    return openStore(root, options)
  }

  #options(): Partial<KitOptions> {
    return {
      platform: { fileSystem: this.faults, clock: this.clock },
      log: this.log,
      commitLogSegmentBytes: logBytes,
      consumeQueueSegmentBytes: 20 * 32,
      openFilesMax: 4,
      ...this.#defaults,
    }
  }

  /** Puts messages one by one, lets the turn end, and waits for what is said about them. */
  async put(store: MessageStore, messages: StoreMessage[]): Promise<PutOutcome[]> {
    const outcomes = messages.map((one) => new Promise<PutOutcome>((resolve) => store.put([one], resolve)))
    this.clock.finishTurn()
    return Promise.all(outcomes)
  }

  /** Lets time pass and what was started in the background come to its end. */
  async pass(durationMs: number): Promise<void> {
    this.clock.advance(durationMs)
    await settle()
  }

  /** Changes a file as a failing disk or a careless hand would. */
  change(path: string, action: (file: ReturnType<CrashableFileSystem['open']>) => void): void {
    const file = this.disk.open(path, 'update')
    action(file)
    file.close()
  }

  flip(path: string, position: number): void {
    this.change(path, (file) => {
      const byte = Buffer.alloc(1)
      file.read(byte, position)
      byte[0]! ^= 0x10
      file.write(byte, position)
    })
  }
}

export function segmentPath(folder: string, start: number): string {
  return `${root}/${folder}/${String(start).padStart(20, '0')}`
}

/** Messages of one topic with two queues, about 600 bytes each. */
export function numbered(count: number, first = 0): StoreMessage[] {
  return Array.from({ length: count }, (_, index) => {
    const id = first + index
    return message({
      topic: 'T',
      queueId: id % 2,
      body: Buffer.from(`${id} ${'b'.repeat(450)}`),
      properties: properties({ KEYS: `k${id}`, UNIQ_KEY: `U${id}` }),
    })
  })
}

/** Numbers of the messages that can be read, by queue. */
export async function readable(store: MessageStore): Promise<number[]> {
  const { queues } = await findingsOf(store)
  return queues
    .flatMap(({ messages }) => messages)
    .map(({ body }) => Number.parseInt(body, 10))
    .sort((one, other) => one - other)
}

export function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index)
}
