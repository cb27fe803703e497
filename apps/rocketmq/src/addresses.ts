import dns from 'node:dns/promises'
import net from 'node:net'
import os from 'node:os'
import type { SourcedProperties } from './sourced-properties.ts'
import { UserError } from './user-error.ts'

const wildcards = new Set(['0.0.0.0', '::'])

/** Whether a host stands for all addresses of a machine. */
export function isWildcard(host: string): boolean {
  return wildcards.has(host)
}

/** Whether a host is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (net.isIPv4(host) && host.startsWith('127.'))
}

/**
 * The IP address of a name; an IP address, with or without brackets, is returned without brackets.
 *
 * @param source where the name was given, for the message: `--host`, `b.conf:3: brokerIP1`
 * @throws UserError when the name cannot be resolved
 */
export async function resolveHost(host: string, source: string): Promise<string> {
  const plain = host.replace(/^\[(.*)\]$/, '$1')
  if (net.isIP(plain) !== 0) return plain
  try {
    return (await dns.lookup(plain, { order: 'ipv4first' })).address
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // A system without a DNS server reports EAI_AGAIN.
    const reason = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'no address is known for it' : message
    throw new UserError(`${source}=${host} is not possible: ${reason}; use an IP address of this machine`, {
      cause: error,
    })
  }
}

const advertisedKeys = ['brokerIP1', 'brokerIP2'] as const
type AdvertisedKey = (typeof advertisedKeys)[number]

/**
 * Resolves the names of addresses for clients: a message holds the address of its broker as an IP address.
 *
 * @throws UserError for a name that cannot be resolved, and for an address that stands for all addresses of a machine
 */
export async function resolvedAddresses(conf: SourcedProperties): Promise<Partial<Record<AdvertisedKey, string>>> {
  const resolved: Partial<Record<AdvertisedKey, string>> = {}
  for (const key of advertisedKeys) {
    const host = conf.properties.get(key)?.trim()
    if (host === undefined || host === '') continue
    const source = `${conf.sourceOf(key)}: ${key}`
    const address = await resolveHost(host, source)
    if (isWildcard(address)) {
      throw new UserError(
        `${source}=${host} is not possible: clients cannot connect to it; use the address by which they reach this machine (bindAddress says where to listen)`,
      )
    }
    resolved[key] = address
  }
  return resolved
}

/**
 * A warning about an address given to clients, or undefined. A loopback address is useless to clients of a name server
 * on another machine, and an address at which nothing listens is useless to all.
 *
 * @param nameServers `host:port` each
 */
export async function warnOfAdvertised(
  brokerIP1: string,
  bindAddress: string,
  nameServers: readonly string[],
): Promise<string | undefined> {
  if (isLoopback(bindAddress) && !isLoopback(brokerIP1)) {
    return `brokerIP1=${brokerIP1} is given to clients, and the broker listens at ${bindAddress} only: no client will reach it`
  }
  if (!isLoopback(brokerIP1)) return undefined
  const far = []
  for (const nameServer of nameServers) if (await isElsewhere(nameServer)) far.push(nameServer)
  if (far.length === 0) return undefined
  return `clients of ${far.join(', ')} are given brokerIP1=${brokerIP1}, which is their own machine: set brokerIP1 to the address by which they reach this one`
}

async function isElsewhere(address: string): Promise<boolean> {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
  // A name that cannot be resolved is not one of this machine.
  const ip =
    net.isIP(host) === 0
      ? await dns.lookup(host).then(
          ({ address: found }) => found,
          () => host,
        )
      : host
  if (isLoopback(ip) || isWildcard(ip)) return false
  return !Object.values(os.networkInterfaces()).some((all) => all?.some((own) => own.address === ip))
}
