import { getClusterInfo } from './probe.ts'
import { acceptsConnections } from './server-process.ts'

type Readiness = true | { notYet: string }

/** Whether a name server accepts connections. */
export async function isNameServerReady(address: string): Promise<Readiness> {
  return (await acceptsConnections(address)) || { notYet: 'connection refused' }
}

/**
 * Whether a broker accepts connections and is listed by the name servers: by at least one, and by each that can be
 * reached (tests also start brokers while one of several name servers is down).
 */
export async function isBrokerReady(brokerName: string, address: string, namesrvAddr: string): Promise<Readiness> {
  if (!(await acceptsConnections(address))) return { notYet: 'connection refused' }
  let listings = 0
  for (const nameServer of namesrvAddr.split(';')) {
    if (!(await acceptsConnections(nameServer))) continue
    const info = await getClusterInfo(nameServer)
    if (info.brokerAddrTable[brokerName]?.brokerAddrs['0'] !== address) {
      return { notYet: `${nameServer} does not list ${brokerName}, but ${JSON.stringify(info)}` }
    }
    listings++
  }
  return listings > 0 || { notYet: `no name server of ${namesrvAddr} accepts connections` }
}
