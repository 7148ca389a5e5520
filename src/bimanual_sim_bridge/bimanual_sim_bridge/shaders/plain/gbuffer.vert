#version 450
// Cheap on a processor: three varyings, no tangents. Buffers are laid out as the renderer fills them.

layout(set = 0, binding = 0) uniform CameraBuffer {
  mat4 viewMatrix;
  mat4 projectionMatrix;
  mat4 viewMatrixInverse;
  mat4 projectionMatrixInverse;
  float width;
  float height;
} cameraBuffer;

layout(set = 1, binding = 0) uniform ObjectTransformBuffer {
  mat4 modelMatrix;
} objectTransformBuffer;

layout(set = 1, binding = 1) uniform ObjectDataBuffer {
  uvec4 segmentation;
  float transparency;
  int shadeFlat;
} objectDataBuffer;

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in vec3 tangent;
layout(location = 4) in vec3 bitangent;

layout(location = 0) out vec3 outPosition;  // in the camera's frame [m]
layout(location = 1) out vec3 outNormal;    // in the world
layout(location = 2) out vec2 outUV;

void main() {
  mat4 model = objectTransformBuffer.modelMatrix;
  // Columns divided by their squared length: right for normals of scaled, unsheared bodies.
  mat3 turn = mat3(model[0].xyz / dot(model[0].xyz, model[0].xyz), model[1].xyz / dot(model[1].xyz, model[1].xyz),
                   model[2].xyz / dot(model[2].xyz, model[2].xyz));
  outNormal = turn * normal;
  outUV = uv;
  vec4 inCamera = cameraBuffer.viewMatrix * (model * vec4(position, 1));
  outPosition = inCamera.xyz;
  gl_Position = cameraBuffer.projectionMatrix * inCamera;
}
