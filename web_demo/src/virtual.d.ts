declare module "virtual:bundles" {
  const bundles: import("./view").Shipped[];
  export default bundles;
}
