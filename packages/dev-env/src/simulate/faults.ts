import type { SeededRandom, SimulatedHost } from '@rocketmq-ts/platform/test-kit'
import type { Cluster } from '../cluster/cluster.ts'
import { ProcessGoneError } from '../cluster/machine.ts'
import type { NameServerMachine } from '../cluster/name-server-machine.ts'
import type { BrokerUnderLoad } from './broker-under-load.ts'

/** What faults may be done to. */
export interface FaultTargets {
  readonly cluster: Cluster
  readonly brokers: readonly BrokerUnderLoad[]
  /** Machines of the load. */
  readonly clientHosts: () => readonly SimulatedHost[]
}

type Fault = (targets: FaultTargets, random: SeededRandom) => Promise<void>

/** Faults, each with how often it comes. All are over after some seconds. */
const faults: readonly (readonly [number, Fault])[] = [
  [6, killBroker],
  [6, loseBrokerPower],
  [2, stopBroker],
  [3, pauseBroker],
  [2, fillDisk],
  [2, jumpClock],
  [5, partition],
  [4, resetConnections],
  [1, silenceConnection],
  [3, slowReader],
  [2, refuseConnections],
  [2, changeLatency],
  [2, disturbNameServer],
]
const weightSum = faults.reduce((sum, [weight]) => sum + weight, 0)

/** Does something random to a cluster. Resolves when it is over. */
export async function randomFault(targets: FaultTargets, random: SeededRandom): Promise<void> {
  let at = random.below(weightSum)
  for (const [weight, fault] of faults) {
    if (at < weight) return fault(targets, random)
    at -= weight
  }
}

/** Ends every fault of the network. */
export function healNetwork({ cluster }: FaultTargets): void {
  cluster.network.heal()
  cluster.network.latency = { leastUs: 50, mostUs: 1000 }
}

async function killBroker({ cluster, brokers }: FaultTargets, random: SeededRandom): Promise<void> {
  await restart(cluster, random.pick(brokers), 'killed', random, async ({ machine }) => machine.kill())
}

async function loseBrokerPower({ cluster, brokers }: FaultTargets, random: SeededRandom): Promise<void> {
  await restart(cluster, random.pick(brokers), 'power lost', random, async ({ machine }) => {
    if (random.oneIn(2)) {
      // In the middle of a change of the disk.
      machine.losePowerAt(random.between(1, 30))
      for (let waitedMs = 0; machine.isAlive && waitedMs < 500; waitedMs++) await cluster.sleep(1)
    }
    if (machine.isAlive) machine.powerLoss()
    else await cluster.sleep(1)
  })
}

async function stopBroker({ cluster, brokers }: FaultTargets, random: SeededRandom): Promise<void> {
  await restart(cluster, random.pick(brokers), 'stopped', random, ({ machine }) => machine.stop())
}

async function restart(
  cluster: Cluster,
  broker: BrokerUnderLoad,
  ending: 'killed' | 'power lost' | 'stopped',
  random: SeededRandom,
  end: (broker: BrokerUnderLoad) => Promise<void>,
): Promise<void> {
  if (broker.isInTransition) return
  await broker.restart(
    ending,
    () => end(broker),
    async () => {
      await cluster.sleep(random.between(0, random.oneIn(4) ? 5000 : 300))
      // A crash in the middle of recovery must be no worse than one before it.
      while (random.oneIn(4)) await killWhileStarting(cluster, broker, random)
    },
  )
}

async function killWhileStarting(cluster: Cluster, { machine }: BrokerUnderLoad, random: SeededRandom): Promise<void> {
  const starting = machine.start().catch(() => {})
  await cluster.sleep(random.below(20_000) / 1000)
  machine.kill()
  await starting
}

async function pauseBroker({ cluster, brokers }: FaultTargets, random: SeededRandom): Promise<void> {
  const broker = random.pick(brokers)
  if (broker.isInTransition) return
  const endTrouble = broker.beginTrouble()
  broker.machine.pause()
  await cluster.sleep(random.between(1, random.oneIn(3) ? 8000 : 500))
  broker.machine.resume()
  endTrouble()
}

async function fillDisk({ cluster, brokers }: FaultTargets, random: SeededRandom): Promise<void> {
  const broker = random.pick(brokers)
  if (broker.isInTransition) return
  const { machine } = broker
  cluster.simulation.trace.tell(`${machine.name}: the disk is full`)
  const endTrouble = broker.beginTrouble()
  const count = Number.POSITIVE_INFINITY
  const full = machine.faults.add({ label: 'full disk', operation: 'write', kind: 'no-space', count })
  broker.isInTransition = true
  await cluster.sleep(random.between(1, 3000))
  full.remove()
  broker.isInTransition = false
  cluster.simulation.trace.tell(`${machine.name}: the disk has space again`)
  endTrouble()
  // A write that failed in the middle may have stopped the store until the next start.
  if (random.oneIn(2)) await restart(cluster, broker, 'killed', random, async () => machine.kill())
}

async function jumpClock({ cluster, brokers }: FaultTargets, random: SeededRandom): Promise<void> {
  const broker = random.pick(brokers)
  const byMs = random.oneIn(2) ? random.between(1, 600_000) : -random.between(1, 20_000)
  if (random.oneIn(4)) cluster.nameServers[0]!.jumpClock(byMs)
  else broker.jumpClock(byMs)
}

async function partition(targets: FaultTargets, random: SeededRandom): Promise<void> {
  const { cluster } = targets
  const one = random.pick(cluster.brokers).host
  const other = random.oneIn(3) ? cluster.nameServers[0]!.host : random.pick(targets.clientHosts())
  const directions = random.pick(['both', 'there', 'back'])
  cluster.simulation.trace.tell(`${one.name} and ${other.name} are cut off, ${directions}`)
  if (directions !== 'back') cluster.network.block(one, other)
  if (directions !== 'there') cluster.network.block(other, one)
  await cluster.sleep(random.between(10, random.oneIn(4) ? 10_000 : 1500))
  cluster.network.unblock(one, other)
  cluster.network.unblock(other, one)
}

/** Connections of those who look at what a broker holds are left alone. */
function connectionsOf({ cluster, clientHosts }: FaultTargets) {
  const hosts = new Set(clientHosts())
  for (const broker of cluster.brokers) hosts.add(broker.host)
  return cluster.network.connections().filter(({ client }) => hosts.has(client.host as SimulatedHost))
}

async function resetConnections(targets: FaultTargets, random: SeededRandom): Promise<void> {
  for (const connection of connectionsOf(targets)) {
    if (!random.oneIn(3)) continue
    targets.cluster.simulation.trace.tell(`${connection.client.name} is reset`)
    targets.cluster.network.reset(connection)
  }
}

async function silenceConnection(targets: FaultTargets, random: SeededRandom): Promise<void> {
  const connections = connectionsOf(targets)
  if (connections.length === 0) return
  const connection = random.pick(connections)
  targets.cluster.simulation.trace.tell(`${connection.client.name} goes silent`)
  targets.cluster.network.silence(connection)
}

async function slowReader(targets: FaultTargets, random: SeededRandom): Promise<void> {
  const host = random.oneIn(3) ? random.pick(targets.cluster.brokers).host : random.pick(targets.clientHosts())
  host.slowness = { windowBytes: random.between(1, 2000), delayMs: random.between(1, 200) }
  await targets.cluster.sleep(random.between(100, 2000))
  host.slowness = undefined
}

async function refuseConnections({ cluster }: FaultTargets, random: SeededRandom): Promise<void> {
  const { host } = random.pick([...cluster.brokers, ...cluster.nameServers])
  cluster.simulation.trace.tell(`${host.name} refuses connections`)
  host.refusesConnections = true
  await cluster.sleep(random.between(100, 3000))
  host.refusesConnections = false
}

async function changeLatency({ cluster }: FaultTargets, random: SeededRandom): Promise<void> {
  const leastUs = random.between(1, 20_000)
  cluster.network.latency = { leastUs, mostUs: leastUs + random.between(0, 100_000) }
  await cluster.sleep(random.between(100, 2000))
  cluster.network.latency = { leastUs: 50, mostUs: 1000 }
}

async function disturbNameServer({ cluster }: FaultTargets, random: SeededRandom): Promise<void> {
  const nameServer: NameServerMachine = cluster.nameServers[0]!
  if (!nameServer.isRunning || nameServer.isPaused) return
  const way = random.below(4)
  if (way === 0) nameServer.kill()
  else if (way === 1) nameServer.powerLoss()
  else if (way === 2) await unlessKilled(nameServer.stop())
  else nameServer.pause()
  await cluster.sleep(random.between(10, 5000))
  if (nameServer.isPaused) nameServer.resume()
  else if (!nameServer.isAlive) await unlessKilled(nameServer.start())
}

/** Another fault may come while one starts or stops. */
async function unlessKilled(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ProcessGoneError)) throw error
  }
}
