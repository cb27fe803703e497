import { formatAddress, parseAddress } from '@rocketmq-ts/remoting'
import { invalidArgument } from '../rocketmq-error.ts'

const defaultPort = 9876

/**
 * Name servers as `host:port`: from a list, or from RocketMQ's text with semicolons. A missing port is 9876. Each counts once.
 * @throws RocketMQError INVALID_ARGUMENT when there is none, or one that is no address
 */
export function parseNameServers(nameServers: string | readonly string[]): string[] {
  const texts = (typeof nameServers === 'string' ? [nameServers] : nameServers).flatMap((text) => text.split(/[;,]/))
  const addresses = texts.map((text) => text.trim()).filter((text) => text !== '')
  if (addresses.length === 0) {
    throw invalidArgument('no name server is given: write nameServers: "host:9876", or a list of them')
  }
  return [...new Set(addresses.map(withPort))]
}

function withPort(text: string): string {
  const hasPort = /:\d+$/.test(text) && (text.startsWith('[') || text.indexOf(':') === text.lastIndexOf(':'))
  const isBareIpv6 = !text.startsWith('[') && text.indexOf(':') !== text.lastIndexOf(':')
  try {
    return formatAddress(parseAddress(hasPort ? text : `${isBareIpv6 ? `[${text}]` : text}:${defaultPort}`))
  } catch (cause) {
    throw invalidArgument(`the name server "${text}" is no address: write host:port`, cause)
  }
}
