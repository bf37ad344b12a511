{{ staged("results", "joint_test", named=true) }}
