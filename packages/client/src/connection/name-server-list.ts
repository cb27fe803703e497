import type { Clock, Log, Lookup } from '@rocketmq-ts/platform'
import { formatAddress, parseAddress } from '@rocketmq-ts/remoting'
import { Deadline } from '../calls/deadline.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'

const defaultPort = 9876

/** Milliseconds after which names and lists are looked up again, as RocketMQ's clients do it. */
const refreshMs = 120_000

/** A name or an IP address: a page of a proxy that stands in the place of a list has none. */
const hostPattern = /^([\w.-]+|[\da-f:.]+(%[\w.-]+)?)$/i

/** One of the name servers that a user gave: an address, or the URL of a list. */
type Given = GivenAddress | { readonly kind: 'url'; readonly url: string }

interface GivenAddress {
  readonly kind: 'address'
  readonly address: string
  readonly isName: boolean
}

/**
 * Name servers as they were given: in a list, or in RocketMQ's text with semicolons. Each is `host:port`, or the URL of a
 * list. A missing port is 9876.
 * @throws RocketMQError INVALID_ARGUMENT when there is none, or one that is no address
 */
export function parseNameServers(nameServers: string | readonly string[]): Given[] {
  const given = typeof nameServers === 'string' ? [nameServers] : nameServers
  const texts = Array.isArray(given) ? given.filter((text) => typeof text === 'string').flatMap(separated) : []
  if (texts.length === 0) {
    throw invalidArgument('no name server is given: write nameServers: "host:9876", or a list of them')
  }
  return [...new Set(texts)].map((text) =>
    /^https?:\/\//i.test(text) ? { kind: 'url', url: checkedUrl(text) } : addressOf(text),
  )
}

function separated(text: string): string[] {
  return text
    .split(/[;,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function checkedUrl(text: string): string {
  if (URL.canParse(text)) return text
  throw invalidArgument(`the name server "${text}" is no URL: write http://host/path`)
}

function addressOf(text: string): GivenAddress {
  const hasPort = /:\d+$/.test(text) && (text.startsWith('[') || text.indexOf(':') === text.lastIndexOf(':'))
  const isBareIpv6 = !text.startsWith('[') && text.indexOf(':') !== text.lastIndexOf(':')
  try {
    const address = parseAddress(hasPort ? text : `${isBareIpv6 ? `[${text}]` : text}:${defaultPort}`)
    if (!hostPattern.test(address.host)) throw new Error(`"${address.host}" is no host`)
    const isName = !/^[\d.]+$|:/.test(address.host)
    return { kind: 'address', address: formatAddress(address), isName }
  } catch (cause) {
    throw invalidArgument(`the name server "${text}" is no address: write host:port`, cause)
  }
}

export interface NameServerListOptions {
  readonly given: readonly Given[]
  /** Without it names stay as they are, for who connects to look up. */
  readonly lookup: Lookup | undefined
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  readonly log: Log
  /** Milliseconds for one look-up. */
  readonly timeoutMs: number
}

/**
 * The name servers as they are now. A URL gives a list of them, in RocketMQ's text. A name with several addresses stands
 * for as many servers. Both are looked up again every 2 minutes, and when no name server has answered. What cannot be
 * looked up stays as it was.
 */
export class NameServerList {
  readonly #options: NameServerListOptions
  /** What each of the given ones stands for. */
  readonly #found = new Map<Given, readonly string[]>()
  readonly #isFixed: boolean
  #refreshing: Promise<void> | undefined
  #refreshedMs = Number.NEGATIVE_INFINITY
  #isDoubted = false
  #failure: Error | undefined

  constructor(options: NameServerListOptions) {
    this.#options = options
    const { given, lookup } = options
    for (const one of given) if (one.kind === 'address') this.#found.set(one, [one.address])
    this.#isFixed = lookup === undefined || given.every((one) => one.kind === 'address' && !one.isName)
    if (lookup === undefined && given.some(({ kind }) => kind === 'url')) {
      throw invalidArgument('the runtime has no lookup: give name servers as host:port')
    }
  }

  /** `host:port` of those that are known, each once. */
  get known(): string[] {
    return [...new Set([...this.#found.values()].flat())]
  }

  /** @throws RocketMQError CONNECT_FAILED when none is known */
  async current(deadline: Deadline): Promise<readonly string[]> {
    if (this.#isFixed) return this.known
    const ageMs = this.#options.clock.monotonic() - this.#refreshedMs
    if (ageMs >= refreshMs || this.#isDoubted) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined
      })
    }
    const isFirst = this.#refreshedMs === Number.NEGATIVE_INFINITY
    if (this.#refreshing !== undefined && (isFirst || this.#isDoubted)) await deadline.within(this.#refreshing)
    const { known } = this
    if (known.length > 0) return known
    const why = this.#failure?.message ?? 'the list is empty'
    throw new RocketMQError('CONNECT_FAILED', `no name server is known: ${why}`, { cause: this.#failure })
  }

  /** None of them has answered: they may be elsewhere now. */
  doubt(): void {
    this.#isDoubted = true
  }

  /** Never rejects. */
  async #refresh(): Promise<void> {
    const { given, clock, log } = this.#options
    this.#failure = undefined
    await Promise.all(
      given.map(async (one) => {
        try {
          this.#found.set(one, await this.#lookUp(one))
        } catch (error) {
          this.#failure = error as Error
          log.warn({ err: error as Error }, 'name servers cannot be looked up: those that are known stay')
        }
      }),
    )
    this.#refreshedMs = clock.monotonic()
    this.#isDoubted = false
  }

  async #lookUp(given: Given): Promise<readonly string[]> {
    const { clock, timeoutMs } = this.#options
    const lookup = this.#options.lookup!
    if (given.kind === 'url') {
      const text = await lookup.textAt(given.url, timeoutMs).catch((cause: Error) => {
        throw new Error(`${given.url} cannot be read: ${cause.message}`, { cause })
      })
      return listedAddresses(given.url, text)
    }
    if (!given.isName) return [given.address]
    const { host, port } = parseAddress(given.address)
    const addresses = await new Deadline(clock, {}, timeoutMs)
      .within(lookup.addressesOf(host))
      .catch((cause: Error) => {
        throw new Error(`${host} cannot be looked up: ${cause.message}`, { cause })
      })
    const isOneServer = ipv4(addresses).length < 2 && addresses.length - ipv4(addresses).length < 2
    // Who connects by a name tries what it stands for.
    return isOneServer ? [given.address] : addresses.map((address) => formatAddress({ host: address, port }))
  }
}

/** A page of a proxy may be one word, such as OK: a name without a port is no name server in a list. */
const listedPattern = /:\d+$|^[\d.]+$|:.*:/

/** Characters of a page that an error shows. */
const shownMax = 60

/** @throws Error when the text is no list of name servers */
function listedAddresses(url: string, text: string): readonly string[] {
  const parts = separated(text.replaceAll(/[\r\n]+/g, ';'))
  if (parts.length === 0) throw new Error(`${url} gives no name server`)
  try {
    return parts.map((part) => {
      if (!listedPattern.test(part)) throw new Error('a name without a port')
      return addressOf(part).address
    })
  } catch {
    // Their errors have the whole page in them.
    const begin = JSON.stringify(text.trim().slice(0, shownMax))
    throw new Error(`${url} gives no list such as host:9876;host:9876, but a text that begins with ${begin}`)
  }
}

function ipv4(addresses: readonly string[]): string[] {
  return addresses.filter((address) => !address.includes(':'))
}
