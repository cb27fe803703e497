import type { ServerProcess } from '../targets/target.ts'
import type { Prepared } from './state.ts'

/**
 * Replaces what two clusters in the same state cannot have in common: ids, times, addresses, folders. Anything else stays,
 * so that a missing row, key or column, a wrong count or a wrong text is a difference.
 */
export function neutral(prepared: Prepared, text: string): string {
  const { cluster, ids } = prepared
  let result = text.replaceAll(cluster.target.workFolder, '<folder>')
  const servers: [string, ServerProcess][] = [
    ...cluster.brokers.map((server): [string, ServerProcess] => [server.name, server]),
    ...cluster.nameServers.map((server, index): [string, ServerProcess] => [`namesrv-${index}`, server]),
  ]
  for (const [key, { uniqueId }] of ids) result = result.replaceAll(uniqueId, `<id of ${key}>`)
  for (const [name, server] of servers) {
    const port = Number(server.address.split(':')[1])
    // An offset message id begins with the broker's address and port; the offset after them must agree.
    const storeHost = `7F000001${port.toString(16).toUpperCase().padStart(8, '0')}`
    result = result.replaceAll(storeHost, `<${name} in hex>`).replaceAll(server.address, `<${name}>`)
    result = result.replaceAll(new RegExp(`\\b(listenPort\\s+=\\s+)${port}\\b`, 'g'), '$1<port>')
  }
  return (
    result
      // Unique ids of messages that mqadmin sent itself; they hold an IPv4 or an IPv6 address.
      .replaceAll(/\b[0-9A-F]{32}(?:[0-9A-F]{24})?\b/g, '<id>')
      .replaceAll(/\b\d{4}-\d\d-\d\d[ #]\d\d:\d\d:\d\d([,:]\d{3})?/g, '<time>')
      // Not the digits behind the point of a rate.
      .replaceAll(/(?<![.\d])1[6-9]\d{11}\b/g, '<time in ms>')
      // Ports of clients, which the system chooses.
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
      // A client's stack trace says nothing about the servers; its messages with the response's code and remark do.
      .replaceAll(/^\s+(at \S.*|\.\.\. \d+ more)\n?/gm, '')
  )
}

/** For output whose rows come in the order of a hash table or of the brokers' registrations. */
export function sorted(text: string): string {
  return text.split('\n').sort().join('\n')
}

/** For a route's JSON, whose lists come in the order in which the brokers registered and whose integer keys have no quotes. */
export function sortedRoute(text: string): string {
  if (!text.trimStart().startsWith('{')) return text
  const route: Record<string, unknown> = JSON.parse(text.replaceAll(/^(\s*)(\d+):/gm, '$1"$2":'))
  for (const [key, value] of Object.entries(route)) {
    if (Array.isArray(value)) route[key] = value.sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1))
  }
  return JSON.stringify(route, undefined, 2)
}

/** `In TPS(queue size, wait)`, the timer's progress and the like of clusterList; version, activation and the forms stay. */
export function clusterRates(text: string): string {
  return text
    .replaceAll(/ +\d+\.\d+(?=\()/g, ' <rate>')
    .replaceAll(/\((\d+,\d+ms(\|\d+,\d+ms)?)\)/g, (_, load: string) => `(${load.replaceAll(/\d+/g, '#')})`)
    .replaceAll(/\d+-\d+\(\d+\.\dw, \d+\.\d, \d+\.\d\)/g, '#-#(#w, #, #)')
    .replaceAll(/ +\d+ +\d+\.\d\d +\d\.\d{4} +(?=true|false)/g, ' <wait> <hours> <space> ')
}

/** The rate after a `… TPS:`. */
export function namedRate(text: string): string {
  return text.replaceAll(/(TPS: )[\d.E-]+/g, '$1<rate>')
}

/** The TPS column of the list of groups. */
export function groupRates(text: string): string {
  return text.replaceAll(/(CLUSTERING|BROADCASTING)( +)\d+ +/g, '$1$2<rate> ')
}

const measured: [RegExp, RegExp, string][] = [
  [/Tps$/, /^[\d.E -]*$/, '<rates>'],
  [/^(commitLogDiskRatio.*|consumeQueueDiskRatio)$/, /^\d\.\d+$/, '<ratio>'],
  [/^commitLogDirCapacity$/, /[\d.]+/g, '#'],
  [/(EntireTimeMax|LockTimeMills|HeadWaitTimeMills|QueueSize|timerReadBehind)$/, /^\d+$/, '<n>'],
  [/^putLatency99/, /^\d+\.\d+$/, '<ms>'],
  [/^putMessageDistributeTime$/, /^(null|(\[\S+\]:\d+ )+)$/, '<distribution>'],
  [/^runtime$/, /\d+/g, '#'],
  [/^remainHowManyDataToFlush$/, /^[\d.]+ (B|KiB)$/, '<bytes>'],
]

/**
 * The values of brokerStatus that are rates, durations or sizes of the disk, each only when it has the form that such a
 * value has. Keys and all other values stay.
 */
export function statusRates(text: string): string {
  return text.replaceAll(
    /^((?:<[\w-]+> +)?)(\S+)( *: )(.*)$/gm,
    (_, broker: string, key: string, colon: string, value: string) => {
      let result = value
      for (const [keys, values, replacement] of measured) {
        if (keys.test(key)) result = result.replace(values, replacement)
      }
      return `${broker}${key}${colon}${result}`
    },
  )
}

/** Only these keys of a `key = value` list. */
export function onlyKeys(...keys: string[]): (text: string) => string {
  return (text) =>
    text
      .split('\n')
      .filter((line) => !line.includes(' = ') || keys.includes(line.split(/\s+=/)[0] ?? ''))
      .sort()
      .join('\n')
}
