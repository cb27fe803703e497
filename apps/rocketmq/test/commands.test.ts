import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { brokerCommand } from '../src/commands/broker.ts'
import { nameServerCommand } from '../src/commands/name-server.ts'
import { startCommand } from '../src/commands/start.ts'

/** Parses arguments without acting on them. */
async function parse(makeCommand: (report: (code: number) => void) => Command, ...args: string[]) {
  let options: unknown
  const command = makeCommand(() => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action((parsed) => {
      options = parsed
    })
  await command.parseAsync(args, { from: 'user' })
  return options
}

describe('start', () => {
  test('has the ports of RocketMQ, one broker and ./data by default', async () => {
    expect(await parse(startCommand)).toEqual({
      data: './data',
      host: '127.0.0.1',
      namesrvPort: 9876,
      brokerPort: 10_911,
      brokers: 1,
    })
  })

  test('takes all of its options', async () => {
    const args = '--data d --host h --namesrv-port 1 --broker-port 2 --brokers 3 --broker-conf f --accept-lost-messages'
    expect(await parse(startCommand, ...args.split(' '))).toEqual({
      data: 'd',
      host: 'h',
      namesrvPort: 1,
      brokerPort: 2,
      brokers: 3,
      brokerConf: 'f',
      acceptLostMessages: true,
    })
  })

  test.each([
    ['--brokers', '0'],
    ['--brokers', 'two'],
    ['--brokers', '1.5'],
    ['--broker-port', '65536'],
    ['--broker-port', '-1'],
    ['--namesrv-port', ''],
    ['--namesrv-port', '9876x'],
  ])('refuses %s %s', async (option, value) => {
    await expect(parse(startCommand, `${option}=${value}`)).rejects.toThrow(/Allowed is a whole number/)
  })
})

test('broker takes the word that messages are lost', async () => {
  expect(await parse(brokerCommand, '--accept-lost-messages')).toMatchObject({ acceptLostMessages: true })
})

test.each([
  ['start', startCommand],
  ['namesrv', nameServerCommand],
  ['broker', brokerCommand],
])('%s takes the level and the format of its log, and refuses others', async (_, makeCommand) => {
  expect(await parse(makeCommand, '--log-level', 'warn', '--log-format', 'json')).toMatchObject({
    logLevel: 'warn',
    logFormat: 'json',
  })
  await expect(parse(makeCommand, '--log-level', 'loud')).rejects.toThrow(/debug, info, warn, error, silent/)
  await expect(parse(makeCommand, '--log-format', 'xml')).rejects.toThrow(/text, json/)
})

test('namesrv takes a file, a port and --print-config', async () => {
  expect(await parse(nameServerCommand, '-c', 'n.conf', '-p', '19876', '--print-config')).toEqual({
    conf: 'n.conf',
    port: 19_876,
    printConfig: true,
  })
})

test('broker takes a file, name servers and --print-config', async () => {
  expect(await parse(brokerCommand, '-c', 'b.conf', '-n', 'a:1;b:2', '--print-config')).toEqual({
    conf: 'b.conf',
    namesrv: 'a:1;b:2',
    printConfig: true,
  })
})

test.each([
  ['start', startCommand],
  ['namesrv', nameServerCommand],
  ['broker', brokerCommand],
])('%s refuses an unknown option', async (_, makeCommand) => {
  await expect(parse(makeCommand, '--nonsense')).rejects.toThrow(/unknown option/)
})
