// Who is who in the control plane, and the files that prove it. All of it is made anew for each start.

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** Tokens of the users that the API server knows from its token file. */
export interface Tokens {
  readonly admin: string
  readonly controllerManager: string
  readonly kwok: string
  /** By the name of the user. */
  readonly others: Readonly<Record<string, string>>
}

const SECRET = { mode: 0o600 }

/** @param others more users, by their name, with the group of each; empty for none */
export function writeTokens(folder: string, others: Readonly<Record<string, string>> = {}): Tokens {
  const token = () => randomBytes(32).toString('hex')
  const tokens = {
    admin: token(),
    controllerManager: token(),
    kwok: token(),
    others: Object.fromEntries(Object.keys(others).map((user) => [user, token()])),
  }
  const users = [
    [tokens.admin, 'admin', 'admin', '"system:masters"'],
    // The name that RBAC gives its rights to, so that it has no others than in a real cluster.
    [tokens.controllerManager, 'system:kube-controller-manager', 'controller-manager'],
    // KWOK stands for the kubelets of all nodes.
    [tokens.kwok, 'kwok', 'kwok', '"system:masters"'],
    ...Object.entries(others).map(([user, group]) => [
      tokens.others[user],
      user,
      user,
      ...(group === '' ? [] : [`"${group}"`]),
    ]),
  ]
  writeFileSync(join(folder, 'tokens.csv'), users.map((user) => `${user.join(',')}\n`).join(''), SECRET)
  return tokens
}

/** The key pair with which ServiceAccount tokens are signed and checked. */
export function writeServiceAccountKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  writeFileSync(join(folder, 'service-accounts.key'), privateKey, SECRET)
  writeFileSync(join(folder, 'service-accounts.pub'), publicKey)
}

/** A kubeconfig that holds all it needs: it may be copied elsewhere. */
export function writeKubeconfig(path: string, options: { server: string; caPath: string; token: string }): void {
  const { server, caPath, token } = options
  const name = 'cto-control-plane'
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': readFileSync(caPath).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
  writeFileSync(path, stringify(config), SECRET)
}
