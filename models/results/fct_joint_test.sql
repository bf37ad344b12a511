{{ staged("results", "joint_test") }}
