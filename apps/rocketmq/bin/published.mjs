#!/usr/bin/env node
// The executable of the published package, which is built and runs on the Node that started it. In the repository,
// rocketmq.mjs stands in its place.
import { isatty } from 'node:tty'

const nodeMajorMin = 22

// As in rocketmq.mjs: Node has just reset what nohup had set.
if (!isatty(0)) process.on('SIGHUP', () => {})

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) await import('../src/main.ts')
else {
  console.error(`rocketmq needs Node ${nodeMajorMin} or later, this is ${process.versions.node}`)
  process.exit(1)
}
