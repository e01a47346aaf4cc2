import { Derivation } from "../model/derivation.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { type Lookups, NO_LOOKUPS, type ServiceRule } from "../model/lookups.ts";
import { type Agent, agentOf } from "./agent.ts";
import { fillDurations } from "./duration.ts";
import { createLookUp } from "./look-up.ts";
import { routeOf } from "./route.ts";
import { createServiceRules, createSetService } from "./service.ts";
import { createTemplateIds } from "./template-ids.ts";

/** What enrichment has to be told, because only a thing knows it. */
export interface EnrichOptions {
  /** ISO 3166-1 alpha-2 code of an address's country, or "". Asked once per distinct address. */
  readonly countryOf: (address: string) => string;
  readonly serviceRules?: readonly ServiceRule[];
}

/**
 * The stage that adds what depends on one value only, computed once per distinct value of it:
 *
 * - geo_country_iso_code from client_address;
 * - http_route from url_path;
 * - user_agent_name, user_agent_os_name, user_agent_synthetic_type from user_agent_original;
 * - what the user's tables have for a value, and the service by the user's rules;
 * - the template id from body, and the duration that its last words tell.
 *
 * What a source said itself stays. Runs behind masking, so that no answer holds more than the masked
 * text does. Every batch of the pipeline must go through the same stage: it remembers answers by dictionary id.
 *
 * `sourceService` is the service of events whose records name none.
 */
export function createEnrich(
  options: EnrichOptions,
): (batch: EventBatch, lookups?: Lookups, sourceService?: string) => void {
  const country = new Derivation(options.countryOf);
  const route = new Derivation(routeOf);
  const agentParts = createAgentParts();
  const fillTemplateIds = createTemplateIds();
  const { serviceRules = [] } = options;
  let ownService = "";
  const setService = createSetService(() => ownService);
  const nameServices = createServiceRules(serviceRules, setService);
  let known = NO_LOOKUPS;
  let lookUp = createLookUp(known, setService);

  return function enrich(batch, lookups = NO_LOOKUPS, sourceService = "") {
    ownService = sourceService;
    // Answers that are remembered are those of one version.
    if (lookups !== known) {
      known = lookups;
      lookUp = createLookUp(lookups, setService);
    }
    const { strings, rows } = batch;
    country.fill(strings.client_address, strings.geo_country_iso_code, rows);
    route.fill(strings.url_path, strings.http_route, rows);
    agentParts.name.fill(strings.user_agent_original, strings.user_agent_name, rows);
    agentParts.osName.fill(strings.user_agent_original, strings.user_agent_os_name, rows);
    agentParts.syntheticType.fill(strings.user_agent_original, strings.user_agent_synthetic_type, rows);
    lookUp(batch);
    if (serviceRules.length > 0) nameServices(batch);
    fillTemplateIds(batch);
    fillDurations(batch);
  };
}

/** Three derivations of one agent, which is parsed once. */
function createAgentParts(): Record<keyof Agent, Derivation> {
  const agentsMax = 65_536;
  const agents = new Map<string, Agent>();
  function remembered(userAgent: string): Agent {
    const known = agents.get(userAgent);
    if (known !== undefined) return known;
    if (agents.size >= agentsMax) agents.clear();
    const agent = agentOf(userAgent);
    agents.set(userAgent, agent);
    return agent;
  }
  return {
    name: new Derivation((userAgent) => remembered(userAgent).name),
    osName: new Derivation((userAgent) => remembered(userAgent).osName),
    syntheticType: new Derivation((userAgent) => remembered(userAgent).syntheticType),
  };
}
