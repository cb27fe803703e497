import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel, type ExtractorMessage } from '@microsoft/api-extractor'
import { type PublishedPackage, publishedPackages, repositoryRoot } from './published.ts'

/** Of each library: what a change of its public interface has to touch. */
export const reportFolder = join(repositoryRoot, 'packaging/api')

/** Internal packages whose types public types may name. */
const typedPackages = ['base', 'platform', 'protocol', 'remoting', 'client']
const internalPackages = ['base', 'platform', 'protocol', 'remoting'].map((name) => `@rocketmq-ts/${name}`)

const compilerOptions = {
  target: 'ES2024',
  lib: ['ES2024', 'ESNext.Disposable', 'ESNext.Collection'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
}

/** Only the names in it are public, by the type `ResponseCodeName`. */
const tableOfNames = 'responseCodes'

const libraries = publishedPackages.filter(({ library }) => library !== undefined)

/** Writes the declarations of each source file that a library exports from. They are not checked: `npm run check` does that. */
export function writeSourceDeclarations(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const project = join(folder, 'tsconfig.json')
  const paths = pathsTo(join(repositoryRoot), 'ts', typedPackages)
  const config = {
    compilerOptions: {
      ...compilerOptions,
      rootDir: repositoryRoot,
      outDir: folder,
      declaration: true,
      emitDeclarationOnly: true,
      noCheck: true,
      rewriteRelativeImportExtensions: true,
      paths,
    },
    files: libraries.map((published) => join(repositoryRoot, published.folder, published.entries[published.library!]!)),
  }
  writeFileSync(project, JSON.stringify(config))
  const compiler = join(repositoryRoot, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', project], { stdio: ['ignore', 2, 2] })
}

/** Where the compiler finds internal packages. */
function pathsTo(root: string, ending: string, names: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(
    names.map((name) => [`@rocketmq-ts/${name}`, [join(root, 'packages', name, `src/index.${ending}`)]]),
  )
}

export interface DeclarationOptions {
  /** That `writeSourceDeclarations` filled. */
  readonly sourceDeclarations: string
  /** The file to write: the public types of the package, with those of internal packages inside. */
  readonly file: string
  /** Whether the report of the interface is written anew. Otherwise it has to be what it is. */
  readonly isReportWritten: boolean
}

/** @throws Error when a public type is not exported, or the interface is not the one that the report tells of */
export function writeDeclarations(
  { name, folder, entries, library, uses = [] }: PublishedPackage,
  { sourceDeclarations, file, isReportWritten }: DeclarationOptions,
): void {
  const shortName = name.slice(name.indexOf('/') + 1)
  const entry = join(sourceDeclarations, folder, entries[library!]!.replace(/\.ts$/, '.d.ts'))
  // Packages that it uses are found as they were built, beside it.
  const inside = typedPackages.filter((internal) => !uses.includes(`@rocketmq-ts/${internal}`))
  const paths = pathsTo(sourceDeclarations, 'd.ts', inside)
  const silent = { logLevel: ExtractorLogLevel.None }
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(repositoryRoot, folder, 'package.json'),
    configObject: {
      projectFolder: repositoryRoot,
      mainEntryPointFilePath: entry,
      bundledPackages: internalPackages,
      compiler: { overrideTsconfig: { compilerOptions: { ...compilerOptions, noEmit: true, paths }, files: [entry] } },
      apiReport: {
        enabled: true,
        reportFolder,
        reportTempFolder: sourceDeclarations,
        reportFileName: `${shortName}.api.md`,
      },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: file },
      messages: {
        extractorMessageReporting: { default: silent, 'ae-forgotten-export': { logLevel: ExtractorLogLevel.Error } },
        tsdocMessageReporting: { default: silent },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      },
    },
  })
  const problems: string[] = []
  const messageCallback = (message: ExtractorMessage) => {
    message.handled = true
    if (message.category === 'console' || message.text.includes(`"${tableOfNames}"`)) return
    if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.formatMessageWithLocation(repositoryRoot))
  }
  const { apiReportChanged } = Extractor.invoke(config, { localBuild: isReportWritten, messageCallback })
  if (problems.length > 0) throw new Error(`the public types of ${name}:\n${problems.join('\n')}`)
  if (apiReportChanged && !isReportWritten) {
    throw new Error(`the public interface of ${name} has changed: run "npm run api", and commit what it writes`)
  }
}
