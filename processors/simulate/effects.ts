import type { Incident, IncidentService } from "./incidents.ts";

/** What an incident does to the lines of a service in one second. */
export interface Effect {
  /** Lines, as a factor. */
  readonly rate: number;
  /** Share of lines that fail beyond the usual. */
  readonly errors: number;
  /** Durations, as a factor. */
  readonly slowness: number;
  /** Share of lines with the new message. */
  readonly novelty: number;
  /** Requests of the wave, as a share of the mean rate. */
  readonly wave: number;
  /** Start of the incident: what is new in it depends on this. */
  readonly incidentStart: number;
}

export const NO_EFFECT: Effect = { rate: 1, errors: 0, slowness: 1, novelty: 0, wave: 0, incidentStart: 0 };

/** The effect of an incident on a service at a second, its own or one that depends on it; `NO_EFFECT` where there is none. */
export function effectOf(incident: Incident | null, service: string, epochSecond: number): Effect {
  if (incident === null) return NO_EFFECT;
  if (incident.service !== service) return consequenceOf(incident, service);
  const { kind, magnitude, start, end } = incident;
  const effect = { ...NO_EFFECT, incidentStart: start };
  switch (kind) {
    case "error_burst":
      return { ...effect, errors: magnitude };
    case "slow":
      return { ...effect, slowness: magnitude };
    case "new_template":
      return { ...effect, novelty: magnitude };
    case "bot_wave":
      return { ...effect, wave: magnitude };
    case "drift":
      return { ...effect, rate: 1 + ((magnitude - 1) * (epochSecond - start)) / (end - start) };
    default:
      return { ...effect, rate: magnitude };
  }
}

/** What failing does to another service, from the share of failures (1 = all) and the factor of durations. */
type Consequence = (failing: number, slowness: number) => Partial<Effect>;

/** By the service that fails, then the one that suffers. */
const CONSEQUENCES: Readonly<Record<IncidentService, Readonly<Record<string, Consequence>>>> = {
  "shop-front": {
    // Who can't come in doesn't buy.
    "shop-orders": (failing) => ({ rate: 1 - 0.9 * failing }),
    "shop-payments": (failing) => ({ rate: 1 - 0.9 * failing }),
  },
  "shop-orders": {
    "shop-front": (failing, slowness) => ({ errors: 0.08 * failing, slowness: 1 + 0.1 * (slowness - 1) }),
    "shop-payments": (failing) => ({ rate: 1 - 0.8 * failing }),
  },
  "shop-payments": {
    "shop-orders": (failing, slowness) => ({ errors: 0.4 * failing, slowness: 1 + 0.3 * (slowness - 1) }),
  },
  "shop-jobs": {},
};

function consequenceOf({ kind, magnitude, service }: Incident, other: string): Effect {
  const consequence = CONSEQUENCES[service][other];
  if (consequence === undefined) return NO_EFFECT;
  switch (kind) {
    case "silence":
      return { ...NO_EFFECT, ...consequence(1, 1) };
    case "error_burst":
      return { ...NO_EFFECT, ...consequence(magnitude, 1) };
    case "slow":
      return { ...NO_EFFECT, ...consequence(0, magnitude) };
    default:
      return NO_EFFECT;
  }
}
