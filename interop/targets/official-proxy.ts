import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { fetchJars } from './jars.ts'
import { openModules } from './official.ts'
import { interopFolder } from './paths.ts'
import { allocateNameServerPort } from './ports.ts'
import { acceptsConnections, type ServerProcess, startServer } from './server-process.ts'
import { requireTool } from './tooling.ts'

/**
 * Starts the official proxy in cluster mode before the brokers of a cluster, whichever they are.
 * @returns the process, whose address is the one of gRPC clients
 */
export async function startOfficialProxy(cluster: Cluster): Promise<ServerProcess> {
  const lib = await fetchJars('official-proxy', join(interopFolder, 'official-servers', 'proxy', 'pom.xml'))
  const { workFolder } = cluster.target
  const home = join(workFolder, 'home', 'proxy')
  mkdirSync(home, { recursive: true })
  const grpcServerPort = await allocateNameServerPort()
  const settingsFile = join(workFolder, 'proxy.json')
  const settings = {
    rocketMQClusterName: 'DefaultCluster',
    namesrvAddr: cluster.namesrvAddr,
    grpcServerPort,
    remotingListenPort: await allocateNameServerPort(),
  }
  writeFileSync(settingsFile, JSON.stringify(settings))
  const address = `127.0.0.1:${grpcServerPort}`
  return startServer({
    name: 'proxy',
    address,
    executable: requireTool('java'),
    args: [
      ...openModules,
      '-Xmx512m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Duser.home=${home}`,
      '-cp',
      join(lib, '*'),
      'org.apache.rocketmq.proxy.ProxyStartup',
      '-pc',
      settingsFile,
      '-n',
      cluster.namesrvAddr,
      '-pm',
      'cluster',
    ],
    cwd: home,
    env: { ROCKETMQ_HOME: home },
    logFile: join(workFolder, 'logs', 'proxy.log'),
    isReady: async () => (await acceptsConnections(address)) || { notYet: 'connection refused' },
  })
}
