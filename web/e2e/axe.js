async (coloursOnly) => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']
  const runOnly = coloursOnly ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } : { type: 'tag', values: tags }
  const { violations } = await axe.run(document, { runOnly, resultTypes: ['violations'] })
  return violations.map((v) => `${v.id}: ${v.help}: ` + v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 200)} (${n.failureSummary.replace(/\s+/g, ' ')})`).join(' | '))
}
