// sRGB's curves (IEC 61966-2-1): codes and light, both 0 to 1.
vec3 decoded(vec3 codes) {
    codes = clamp(codes, 0.0, 1.0);
    return mix(pow((codes + 0.055) / 1.055, vec3(2.4)), codes / 12.92, lessThanEqual(codes, vec3(0.04045)));
}

vec3 encoded(vec3 light) {
    light = clamp(light, 0.0, 1.0);
    return mix(1.055 * pow(light, vec3(1.0 / 2.4)) - 0.055, light * 12.92, lessThanEqual(light, vec3(0.0031308)));
}
