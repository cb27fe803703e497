import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fetchJars } from '../../../interop/targets/jars.ts'
import { runCommandOrThrow } from '../../../interop/targets/run-command.ts'
import { requireTool } from '../../../interop/targets/tooling.ts'
import { benchmarksFolder } from '../paths.ts'
import { buildOnce, contentHash } from './build-once.ts'
import { type ChildOptions, type ChildOutcome, runChild } from './child.ts'

const javaFolder = join(benchmarksFolder, 'java')

/** Fetches the official client and its benchmark programs, and compiles ours; each once for each content. */
async function buildClassPath(): Promise<string> {
  const jars = join(await fetchJars('benchmark-clients', join(javaFolder, 'pom.xml')), '*')
  const sources = join(javaFolder, 'src', 'bench')
  const files = ['Histogram.java', 'PushLatency.java'].map((name) => join(sources, name))
  const classes = await buildOnce(`java-${contentHash(sources, /\.java$/)}`, (unfinished) =>
    runCommandOrThrow(requireTool('javac'), ['--release', '17', '-d', unfinished, '-cp', jars, ...files], {
      timeoutMs: 120_000,
    }),
  )
  return `${classes}:${jars}`
}

/** Runs a Java program with the official client, whose log goes below the folder. */
export async function runJava(
  mainClass: string,
  args: string[],
  folder: string,
  options: Omit<ChildOptions, 'cwd'>,
): Promise<ChildOutcome> {
  mkdirSync(folder, { recursive: true })
  const jvm = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', `-Duser.home=${folder}`, '-cp', await buildClassPath()]
  return runChild(requireTool('java'), [...jvm, mainClass, ...args], { ...options, cwd: folder })
}
