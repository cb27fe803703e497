import type { Log, TlsOptions } from '@rocketmq-ts/platform'
import { knownFields } from '../known-fields.ts'
import type { OpenTelemetry } from '../open-telemetry.ts'
import type { Runtime } from '../runtime.ts'
import type { Credentials } from './acl-signer.ts'

/** What everything that connects to a cluster takes. */
export interface ClientOptions {
  /**
   * The name servers: a list, or RocketMQ's text with semicolons. Each is `host:port`, with 9876 where no port is given, or a
   * URL that gives them in RocketMQ's text, such as `http://host:8080/rocketmq/nsaddr`; names in that text have a port. Names
   * with several addresses, and URLs, are looked up again every 2 minutes, and when none of the name servers answers.
   */
  readonly nameServers: string | readonly string[]
  /** Names of topics and groups are meant within it. */
  readonly namespace?: string | undefined
  /** For brokers with access control. */
  readonly credentials?: Credentials | undefined
  /** Milliseconds for a whole call with its retries, where the call does not say. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Milliseconds for one attempt, connecting included. Default 3000. */
  readonly attemptTimeoutMs?: number | undefined
  /** Encrypts connections to name servers and brokers; `true` trusts the authorities that Node trusts. */
  readonly tls?: TlsOptions | boolean | undefined
  /**
   * Tells the steps of messages to a topic of traces, as the official clients do it, so that `mqadmin queryMsgTraceById` finds
   * them; `true` for RMQ_SYS_TRACE_TOPIC. Of producers and consumers only. Default false.
   */
  readonly traceTopic?: string | boolean | undefined
  /** Spans and metrics go to what the program has set up of `@opentelemetry/api`; nowhere by default. */
  readonly openTelemetry?: OpenTelemetry | undefined
  /** Where log lines go; nowhere by default. */
  readonly logger?: Log | undefined
  /** Network, time and chance; those of Node by default. */
  readonly runtime?: Runtime | undefined
}

/** For the fields of options that have more. */
export const clientFields = {
  nameServers: true,
  namespace: true,
  credentials: true,
  timeoutMs: true,
  attemptTimeoutMs: true,
  tls: true,
  traceTopic: true,
  openTelemetry: true,
  logger: true,
  runtime: true,
} as const satisfies Readonly<Record<keyof ClientOptions, true>>

export const defaultTimeoutMs = 10_000
export const defaultAttemptTimeoutMs = 3000

export const tlsFields = knownFields<TlsOptions>({
  ca: true,
  cert: true,
  key: true,
  serverName: true,
  verifyServer: true,
})

export const credentialFields = knownFields<Credentials>({ accessKey: true, secretKey: true, securityToken: true })
