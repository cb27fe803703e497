import type {
  Admin,
  ClientOptions,
  Consumer,
  ConsumerOptions,
  LiteSimpleConsumer,
  LiteSimpleConsumerOptions,
  Producer,
  ProducerOptions,
  Reader,
  ReaderOptions,
  SimpleConsumer,
  SimpleConsumerOptions,
} from '@rocketmq-ts/client'
import type { Command } from 'commander'
import type { Host } from './host.ts'
import {
  type ConnectionFlags,
  type ConnectionKey,
  checkSetting,
  type SourcedValue,
} from './settings/connection-settings.ts'
import { CommandError, UsageError } from './usage-error.ts'
import { parseDuration } from './values.ts'

export interface SessionOptions {
  /** With all commands. */
  readonly program: Command
  readonly host: Host
  /** What was typed of the connection. */
  readonly flags: ConnectionFlags
  readonly connection: Partial<Record<ConnectionKey, SourcedValue>>
  readonly isJson: boolean
  readonly isQuiet: boolean
  readonly isVerbose: boolean
}

/** What a command has of the process and of the cluster. The SDK is loaded when it is first needed. */
export class Session implements AsyncDisposable {
  readonly program: Command
  readonly host: Host
  readonly flags: ConnectionFlags
  readonly connection: Partial<Record<ConnectionKey, SourcedValue>>
  readonly isJson: boolean
  readonly #options: SessionOptions
  readonly #opened: AsyncDisposable[] = []
  #admin: Admin | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.program = options.program
    this.host = options.host
    this.flags = options.flags
    this.connection = options.connection
    this.isJson = options.isJson
  }

  /** Ends what is under way: Ctrl-C, or nobody reads the output any more. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.host.interrupted, this.host.outputClosed])
  }

  async admin(): Promise<Admin> {
    if (this.#admin === undefined) {
      const { Admin } = await import('@rocketmq-ts/client')
      this.#admin = this.own(new Admin(await this.clientOptions()))
    }
    return this.#admin
  }

  async producer(options: Omit<ProducerOptions, Exclude<keyof ClientOptions, 'traceTopic'>>): Promise<Producer> {
    const { Producer } = await import('@rocketmq-ts/client')
    return this.own(new Producer({ ...(await this.clientOptions()), ...options }))
  }

  async reader(options: Omit<ReaderOptions, keyof ClientOptions>): Promise<Reader> {
    const { Reader } = await import('@rocketmq-ts/client')
    return this.own(new Reader({ ...(await this.clientOptions()), ...options }))
  }

  async consumer(options: Omit<ConsumerOptions, keyof ClientOptions>): Promise<Consumer> {
    const { Consumer } = await import('@rocketmq-ts/client')
    return this.own(new Consumer({ ...(await this.clientOptions()), ...options }))
  }

  async simpleConsumer(options: Omit<SimpleConsumerOptions, keyof ClientOptions>): Promise<SimpleConsumer> {
    const { SimpleConsumer } = await import('@rocketmq-ts/client')
    return this.own(new SimpleConsumer({ ...(await this.clientOptions()), ...options }))
  }

  async liteSimpleConsumer(options: Omit<LiteSimpleConsumerOptions, keyof ClientOptions>): Promise<LiteSimpleConsumer> {
    const { LiteSimpleConsumer } = await import('@rocketmq-ts/client')
    return this.own(new LiteSimpleConsumer({ ...(await this.clientOptions()), ...options }))
  }

  /** Closed with the session. */
  own<One extends AsyncDisposable>(one: One): One {
    this.#opened.push(one)
    return one
  }

  /** Goes before everything else that names them. @param source for errors @throws UsageError */
  useNameServers(text: string, source: string): void {
    checkSetting('nameServers', text, source)
    this.connection.nameServers = { text, source }
  }

  /** How the SDK reaches the cluster. @throws UsageError */
  async clientOptions(): Promise<ClientOptions> {
    const { nameServers, namespace, accessKey, secretKey, tls, tlsCa, timeout } = this.connection
    if ((accessKey === undefined) !== (secretKey === undefined)) {
      const given = (accessKey ?? secretKey)!
      const missing = accessKey === undefined ? 'access key' : 'secret key'
      throw new UsageError(`${given.source} gives one key alone: the ${missing} is missing`)
    }
    const credentials =
      accessKey === undefined || secretKey === undefined
        ? undefined
        : { accessKey: accessKey.text, secretKey: secretKey.text }
    // Who says that nothing is encrypted is believed, whatever authorities are known.
    const isEncrypted = tls?.text !== 'false' && (tls ?? tlsCa) !== undefined
    const ca = tlsCa === undefined || !isEncrypted ? undefined : await this.#certificates(tlsCa)
    return {
      nameServers: nameServers!.text,
      namespace: namespace?.text,
      credentials,
      timeoutMs: parseDuration(timeout!.text),
      tls: ca === undefined ? isEncrypted : { ca },
      logger: this.#options.isVerbose ? this.#log() : undefined,
    }
  }

  /** Milliseconds for a call: so many, or fewer where calls may take less time. */
  atMost(durationMs: number): number {
    return Math.min(durationMs, parseDuration(this.connection.timeout!.text))
  }

  /** One line for people, on standard error. */
  note(text: string): void {
    if (!this.#options.isQuiet) this.host.say(`${text}\n`)
  }

  /** Like `note`, and not silenced. */
  warn(text: string): void {
    this.host.say(`rocketmq: ${text}\n`)
  }

  /** Shows how far long work is, on a terminal alone: on one line that is written anew. */
  progress(text: string): void {
    if (this.host.isTerminal.errors && !this.#options.isQuiet) this.host.say(`\r\u001b[K${text}`)
  }

  endProgress(): void {
    this.progress('')
  }

  /**
   * Asks before something is lost. Without a terminal nobody can be asked.
   * @throws UsageError where `--yes` is missing, CommandError when the answer is no
   */
  async confirm(what: string, isAgreed: boolean): Promise<void> {
    if (isAgreed) return
    const { input, errors } = this.host.isTerminal
    if (!(input && errors)) throw new UsageError(`${what}: nobody can be asked here, so add --yes`)
    const answer = await this.host.ask(`${what}? [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was changed')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
  }

  async #certificates({ text, source }: SourcedValue): Promise<Buffer> {
    const content = await this.host.readFile(text).catch((error: Error) => {
      throw new UsageError(`${source}: ${text} cannot be read: ${error.message}`)
    })
    if (content === undefined) throw new UsageError(`${source}: there is no file ${text}`)
    return content
  }

  #log(): NonNullable<ClientOptions['logger']> {
    const line = (level: string) => (fields: object, message: string) => {
      this.host.say(`${level} ${message} ${JSON.stringify(fields, jsonOfError)}\n`)
    }
    return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  }
}

function jsonOfError(_: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value
}
