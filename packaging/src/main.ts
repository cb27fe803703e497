import { packExecutable } from './executable/build.ts'
import { packAll, withBuiltPackages } from './pack.ts'

const [command, folder] = process.argv.slice(2)
if (command === 'pack' && folder !== undefined) for (const path of await packAll(folder)) console.log(path)
else if (command === 'executable' && folder !== undefined) console.log(await packExecutable(folder))
else if (command === 'api') await withBuiltPackages(() => {}, { isReportWritten: true })
else {
  console.error('Write "npm run pack:all -- FOLDER" for tarballs of the published packages in a folder,')
  console.error('"npm run pack:executable -- FOLDER" for the single executable,')
  console.error('or "npm run api" to write the reports of their public interfaces in packaging/api anew.')
  process.exitCode = 1
}
