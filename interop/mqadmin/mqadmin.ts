import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Cluster } from '../targets/cluster.ts'
import { within } from '../targets/deadline.ts'
import { buildFolderOnce, fetchJars } from '../targets/jars.ts'
import { cacheFolder, interopFolder } from '../targets/paths.ts'
import { runCommandOrThrow } from '../targets/run-command.ts'
import { requireTool } from '../targets/tooling.ts'

/** A JVM with the official admin tools, for one cluster. Commands run one after the other. */
export interface Mqadmin {
  /** What `mqadmin` prints with these arguments, to which `-n` and the cluster's name servers are added. */
  run(...args: string[]): Promise<string>
  /** What `mqadmin help` prints of a command, or of all commands. */
  help(command?: string): Promise<string>
  /** Sends to one queue; returns the offset message id and the unique id. */
  send(message: SentMessage): Promise<{ offsetId: string; uniqueId: string }>
  /** Lets a member of the group come and go, so that the group's retry topic has a route when the next one starts. */
  join(group: string, topic: string): Promise<void>
  /**
   * Starts a member of the group that stays, and waits until it has accepted that many messages.
   * @param refused the keys of messages that it refuses at their first delivery
   */
  consume(group: string, topic: string, count: number, refused: string[]): Promise<void>
  /** Starts a member of a group that stays, and waits until it has handled so many messages. */
  member(member: StartedMember): Promise<void>
  close(): Promise<void>
}

export interface StartedMember {
  /** `refuse` makes dead letters of all messages. */
  kind: 'push' | 'orderly' | 'broadcast' | 'pop' | 'refuse' | 'pull' | 'lite-pull'
  group: string
  topic: string
  /** The end of its client's id. */
  instance: string
  /** Tags, or an SQL92 expression behind `sql:`; all messages without it. */
  expression?: string
  count: number
  /** Keys of messages that it gets and does not finish. */
  held?: string[]
}

export interface SentMessage {
  topic: string
  brokerName: string
  queueId: number
  tag: string
  key: string
  body: string
}

const sources = ['Members', 'RunCommands'].map((name) => join(interopFolder, 'mqadmin', 'src', `${name}.java`))

async function compile(lib: string): Promise<string> {
  const hash = createHash('sha256').update(lib)
  for (const source of sources) hash.update(readFileSync(source))
  const folder = join(cacheFolder, 'mqadmin', hash.digest('hex').slice(0, 12))
  return buildFolderOnce(folder, (unfinished) =>
    runCommandOrThrow(requireTool('javac'), ['-cp', join(lib, '*'), '-d', unfinished, ...sources], {
      timeoutMs: 120_000,
    }),
  )
}

/** Starts the tools. What they log and save is in the cluster's folder. */
export async function startMqadmin(cluster: Cluster): Promise<Mqadmin> {
  const lib = await fetchJars('official-servers', join(interopFolder, 'official-servers', 'pom.xml'))
  const classes = await compile(lib)
  const home = join(cluster.target.workFolder, 'mqadmin')
  mkdirSync(home, { recursive: true })
  const child = spawn(
    requireTool('java'),
    [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Duser.home=${home}`,
      '-Dfile.encoding=UTF-8',
      '-cp',
      `${classes}:${join(lib, '*')}`,
      'RunCommands',
      cluster.namesrvAddr,
    ],
    { cwd: home, env: { ...process.env, ROCKETMQ_HOME: home }, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  child.stderr.pipe(createWriteStream(join(home, 'stderr.log')))
  const answers: ((line: string) => void)[] = []
  let ended = false
  createInterface({ input: child.stdout }).on('line', (line) => answers.shift()?.(line))
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true
      for (const answer of answers.splice(0)) answer('ended')
      resolve()
    })
  })

  const ask = async (...words: string[]): Promise<string> => {
    if (ended) throw new Error(`the admin tools have ended, see ${home}/stderr.log`)
    const answer = new Promise<string>((resolve) => answers.push(resolve))
    child.stdin.write(`${words.map((word) => Buffer.from(word).toString('base64')).join(' ')}\n`)
    const line = await within(words.join(' '), answer)
    const [outcome, printed = ''] = line.split(' ')
    const text = Buffer.from(printed, 'base64').toString('utf8')
    if (outcome !== 'ok') throw new Error(`${words.join(' ')}: ${outcome}\n${text}\n${cluster.logTails()}`)
    return text
  }
  return {
    run: async (...args) => {
      for (let attempt = 1; ; attempt++) {
        const printed = await ask('mqadmin', ...args, '-n', cluster.namesrvAddr)
        // A loaded machine can stall a server past the tools' 5 s; one that hangs does so each time. Sends are not repeated.
        if (attempt === 3 || args[0] === 'sendMessage' || !printed.includes('RemotingTimeoutException')) return printed
      }
    },
    help: (command) => (command === undefined ? ask('mqadmin') : ask('mqadmin', 'help', command)),
    send: async ({ topic, brokerName, queueId, tag, key, body }) => {
      const [offsetId = '', uniqueId = ''] = (
        await ask('send', topic, brokerName, String(queueId), tag, key, body)
      ).split(' ')
      return { offsetId, uniqueId }
    },
    join: async (group, topic) => {
      await ask('join', group, topic)
    },
    consume: async (group, topic, count, refused) => {
      await ask('consume', group, topic, String(count), refused.join(','))
    },
    member: async ({ kind, group, topic, instance, expression = '*', count, held = [] }) => {
      await ask('member', kind, group, topic, instance, expression, String(count), held.join(','))
    },
    close: async () => {
      child.kill('SIGKILL')
      await within('the end of the admin tools', closed)
    },
  }
}
