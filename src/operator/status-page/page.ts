// The status page: one document, whole without scripts. Headings, landmarks, captions and words say everything; colour and
// signs only repeat it.

import { dateForPeople } from './dates.ts'
import { icon, type Sign } from './icons.ts'
import { limitBar } from './limit-bar.ts'
import { htmlOf, type Markup, markup } from '../../http/html.ts'
import type {
  AgentView,
  Bounded,
  DecidedView,
  EventView,
  LimitView,
  ProblemView,
  StatusView,
  StepView,
} from './view.ts'

/** @param version what the script compares to know whether the page is still as the operator's */
export function renderPage(view: StatusView, version: string): string {
  const { product, status } = view
  const tone = status?.tone ?? 'attention'
  const title = `${status?.headline ?? 'Not decided yet'}: ${product} license`
  return htmlOf(markup`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="robots" content="noindex">
  <title>${title}</title>
  <link rel="icon" href="icon-${tone}.svg" type="image/svg+xml">
  <link rel="stylesheet" href="status.css">
  <script src="status.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the status</a>
<header>
  <h1><span>${product}</span> License status</h1>
  <p id="live" class="live" hidden>Live</p>
</header>
<main id="main" data-version="${version}">
${status === undefined ? undecided(view) : verdict(status)}
${optional(status, problems)}
<div class="columns">
<div>
${optional(status, limits)}
${optional(status, agents)}
${events(view)}
</div>
<div>
${optional(status, timeline)}
${optional(status, license)}
${optional(status, cluster)}
</div>
</div>
</main>
<footer>
  ${optional(status?.badge, (badge) => markup`<p class="badge">${badge}</p>`)}
  <p>As of ${time(view.at)}</p>
  <p class="elsewhere"><a href="status.json">The same as JSON</a>, or in a terminal: <code>cto status</code></p>
  <p>cto-operator ${view.version}</p>
</footer>
<p id="announcement" class="unseen" role="status"></p>
</body>
</html>
`)
}

function undecided({ waitingFor }: StatusView): Markup {
  return markup`<section id="verdict" class="verdict attention" aria-labelledby="verdict-title">
  <div>
    <p class="state">${icon('attention')} Not decided yet</p>
    <h2 id="verdict-title">The operator is starting</h2>
    <p class="sentence">Nothing is decided until everything has been read.</p>
    ${waitingFor.length === 0 ? undefined : markup`<p class="sentence">Waiting for: ${waitingFor.join(', ')}.</p>`}
  </div>
</section>`
}

const NOWHERE: ReadonlySet<string> = new Set(['unknown', 'local'])

function verdict({ tone, verdict, headline, message, since, cure, countdown, license, cluster }: DecidedView): Markup {
  const { plan, organization, expiresAt, isOver, level } = license
  return markup`<section id="verdict" class="verdict ${tone}" aria-labelledby="verdict-title">
  <div>
    <p class="state">${icon(tone)} ${verdict}</p>
    <h2 id="verdict-title">${headline}</h2>
    <p class="sentence">${prose(message)}</p>
    ${optional(cure, (cure) => markup`<p class="sentence cure">${cure}</p>`)}
  </div>
  ${optional(countdown, ({ count, words }) => markup`<p class="countdown"><b>${count}</b> ${words}</p>`)}
  <dl class="facts">
    ${fact('Plan', plan)}
    ${optional(organization, (organization) => fact('Organization', foreign(organization)))}
    ${expiresAt === undefined ? fact('Until', 'No end') : fact(isOver ? 'Ended' : 'Until', time(expiresAt))}
    ${optional(since, (since) => fact('Since', time(since)))}
    ${level === 'None' ? undefined : fact('Level', level)}
    ${fact('Cluster', NOWHERE.has(cluster.platform) ? cluster.type : `${cluster.type} on ${cluster.platform}`)}
  </dl>
</section>`
}

function problems({ problems, notes }: DecidedView): Markup {
  if (problems.length === 0 && notes.length === 0) return markup``
  return markup`<section id="problems" class="card" aria-labelledby="problems-title">
  <h2 id="problems-title">${problems.length > 0 ? 'What else is wrong, and what lifts it' : 'To know'}</h2>
  <ul class="problems">
    ${problems.map(problem)}
    ${notes.map((note) => markup`<li><p>${prose(note)}</p></li>`)}
  </ul>
</section>`
}

function problem({ reason, message, since, cure }: ProblemView): Markup {
  return markup`<li class="wrong">
      <p><strong>${reason}</strong>${optional(since, (since) => markup` since ${time(since)}`)}</p>
      <p>${prose(message)}</p>
      ${optional(cure, (cure) => markup`<p class="cure">${cure}</p>`)}
    </li>`
}

function limits({ limits }: DecidedView): Markup {
  return markup`<section id="limits" class="card" aria-labelledby="limits-title">
  <h2 id="limits-title">Limits</h2>
  <ul class="limits">
    ${limits.map(limit)}
  </ul>
</section>`
}

function limit(one: LimitView): Markup {
  const { title, used, limit, note } = one
  const of = limit === undefined ? 'without limit' : `of ${limit}`
  return markup`<li>
      <p class="use"><span>${title}</span> <span><b>${used}</b> ${of}</span></p>
      ${limitBar(one)}
      <p class="note">${prose(note)}</p>
    </li>`
}

function agents({ agents }: DecidedView): Markup {
  const { noun, refused, held, admitted, cures } = agents
  const [many, few, none] = [admitted, refused, held].map(({ shown, more }) => shown.length + more)
  const isEmpty = many === 0 && few === 0 && none === 0
  const table = markup`<table>
    <caption>${many} admitted, ${few} refused, ${none} held</caption>
    <thead><tr><th scope="col">${capitalized(noun)}</th><th scope="col">State</th></tr></thead>
    <tbody>
      ${agentRows(refused, 'refused', (agent) => agentRow(agent, 'restricted', refusedState(agent)))}
      ${agentRows(held, 'held', (agent) => agentRow(agent, 'held', 'Held'))}
      ${agentRows(admitted, 'admitted', (agent) => agentRow(agent, 'good', 'Admitted'))}
    </tbody>
  </table>`
  const lifts = markup`<ul class="cures">
    ${cures.map(({ reason, cure }) => markup`<li><b>${reason}</b>: ${cure}</li>`)}
  </ul>`
  return markup`<section id="agents" class="card" aria-labelledby="agents-title">
  <h2 id="agents-title">${capitalized(noun)}s</h2>
  ${isEmpty ? markup`<p class="note">There is none yet.</p>` : table}
  ${cures.length === 0 ? undefined : lifts}
</section>`
}

function refusedState({ holdAt }: AgentView): string {
  return holdAt === undefined ? 'Refused' : 'To be held'
}

function agentRows({ shown, more }: Bounded<AgentView>, what: string, row: (agent: AgentView) => Markup): Markup {
  const rest = markup`<tr><td colspan="2" class="note">and ${more} more ${what}: <code>cto status</code> lists them</td></tr>`
  return markup`${shown.map(row)}${more === 0 ? undefined : rest}`
}

function agentRow({ name, workload, message, holdAt, replicas }: AgentView, sign: Sign, state: string): Markup {
  const details = [
    optional(message, prose),
    optional(holdAt, (holdAt) => markup` It is held at ${time(holdAt)}.`),
    optional(replicas, (replicas) => markup` ${replicas} ${replicas === 1 ? 'replica' : 'replicas'} to restore.`),
  ].filter((detail) => detail !== undefined)
  return markup`<tr>
        <th scope="row">${foreign(name)} <small>${foreign(breakable(workload))}</small></th>
        <td><span class="state ${sign}">${icon(sign)} ${state}</span>
          ${details.length === 0 ? undefined : markup`<small>${details}</small>`}</td>
      </tr>`
}

function timeline({ timeline }: DecidedView): Markup {
  const list = markup`<ol class="timeline">
    ${timeline.map(step)}
  </ol>
  <p class="note">If nothing happens but time. A new license lifts every restriction within a second.</p>`
  return markup`<section id="timeline" class="card" aria-labelledby="timeline-title">
  <h2 id="timeline-title">What happens when</h2>
  ${timeline.length === 0 ? markup`<p class="note">Nothing changes by itself.</p>` : list}
</section>`
}

function step({ at, distance, isPast, level, changes }: StepView): Markup {
  return markup`<li class="${isPast ? 'past' : 'to-come'}">
      <p class="when">${time(at)} <small>${distance}</small></p>
      ${changes.map((change) => markup`<p>${prose(change)}</p>`)}
      ${optional(level, (level) => markup`<p class="note">Level ${level}</p>`)}
    </li>`
}

function license({ license }: DecidedView): Markup {
  const { licenseId, source, updates, guardian, addons, features } = license
  return markup`<section id="license" class="card" aria-labelledby="license-title">
  <h2 id="license-title">License</h2>
  <dl>
    ${licenseId === undefined ? fact('License', 'None is installed') : fact('License ID', foreign(licenseId))}
    ${optional(source, (source) => fact('Read from', source))}
    ${fact('Updates', updates)}
    ${fact('Guardian', guardian)}
    ${fact('Add-ons', listed(addons))}
    ${fact('Features', listed(features))}
  </dl>
</section>`
}

function cluster({ cluster }: DecidedView): Markup {
  const { type, platform, proven, confidence, uid, evidence, contradictions } = cluster
  const certainty = `${proven ? 'proven' : 'not proven'}, ${confidence} confidence`
  const lines = (all: readonly string[]) => markup`<ul>${all.map((one) => markup`<li>${one}</li>`)}</ul>`
  return markup`<section id="cluster" class="card" aria-labelledby="cluster-title">
  <h2 id="cluster-title">Cluster</h2>
  <dl>
    ${fact('Type', markup`${type} <small>${certainty}</small>`)}
    ${fact('Platform', platform)}
    ${fact('Identity', markup`<code>${uid}</code>`)}
    ${evidence.length === 0 ? undefined : fact('Evidence', lines(evidence))}
    ${contradictions.length === 0 ? undefined : fact('Against it', lines(contradictions))}
  </dl>
</section>`
}

function events({ events }: StatusView): Markup {
  const table = markup`<table>
    <caption>Since the operator was started, the newest first</caption>
    <thead><tr><th scope="col">When</th><th scope="col">What</th></tr></thead>
    <tbody>
      ${events.map(event)}
    </tbody>
  </table>`
  return markup`<section id="events" class="card" aria-labelledby="events-title">
  <h2 id="events-title">What happened last</h2>
  ${events.length === 0 ? markup`<p class="note">Nothing since the operator was started.</p>` : table}
</section>`
}

function event({ at, type, reason, regarding, note }: EventView): Markup {
  const warning = markup`<span class="state attention">${icon('attention')} Warning</span> `
  return markup`<tr>
        <th scope="row">${time(at)}</th>
        <td>${type === 'Warning' ? warning : undefined}<b>${reason}</b> <small>${foreign(regarding)}</small>
          <p>${prose(capitalized(note))}</p></td>
      </tr>`
}

function fact(name: string, value: string | Markup): Markup {
  return markup`<div><dt>${name}</dt><dd>${value}</dd></div>`
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'None' : names.join(', ')
}

function time(instant: string): Markup {
  return markup`<time datetime="${instant}">${dateForPeople(instant)}</time>`
}

/** A name from elsewhere: in whatever direction it is written, what stands around it keeps its own. */
function foreign(name: string | Markup): Markup {
  return markup`<bdi>${name}</bdi>`
}

/** A long name breaks where it has a slash. */
function breakable(name: string): Markup {
  const [first, ...rest] = name.split('/')
  return markup`${first}${rest.map((part) => markup`/<wbr>${part}`)}`
}

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/

/** A sentence of the core, with its times as people write them. */
function prose(sentence: string): Markup {
  // Every other part is what the pattern has found.
  return markup`${sentence.split(INSTANT).map((part, index) => (index % 2 === 1 ? time(part) : markup`${part}`))}`
}

function optional<T>(value: T | undefined, made: (value: T) => Markup): Markup | undefined {
  return value === undefined ? undefined : made(value)
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
