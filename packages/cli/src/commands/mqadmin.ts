import { command, manyArguments, own } from '../table/define.ts'

export const mqadminCommand = command({
  name: 'mqadmin',
  about: "Commands of RocketMQ's own mqadmin, with its options and its output.",
  details:
    'Scripts carry over: what mqadmin 5.5.0 prints to standard output, this prints too; the others it refuses with the reason.\nA failure is told on standard error in one line, and has exit code 1; wrong options have exit code 2.\n"rocketmq mqadmin" lists the commands, "rocketmq mqadmin help topicRoute" tells the options of one.',
  example:
    'rocketmq mqadmin clusterList -n 127.0.0.1:9876\nrocketmq mqadmin updateTopic -t orders -c DefaultCluster -r 8 -w 8',
  arguments: { words: manyArguments('a command, and its options', (text) => text, { isOptional: true }) },
  takesAll: true,
  output: own,
  async run(session, { words }) {
    const { runTool } = await import('../mqadmin/index.ts')
    await runTool(session, words)
    return 0
  },
})
