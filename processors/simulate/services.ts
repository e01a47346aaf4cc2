/** The shop's services in the order of their numbers, which the lines depend on. */
export const SHOP_SERVICES = ["shop-front", "shop-orders", "shop-payments", "shop-jobs", "shop-admin"] as const;
export type ShopService = (typeof SHOP_SERVICES)[number];
